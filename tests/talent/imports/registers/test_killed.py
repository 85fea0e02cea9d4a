"""Twenty thousand entries, and a service killed half-way: the next one goes on, and each entry is there once."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chassis.broker import topology
from chassis.broker.wire import Wire
from contracts.imports import CHUNK_BYTES
from tests.talent.conftest import City
from tests.talent.imports.importing import csv_of
from tests.talent.imports.registers.kinds_made_up import HEADERS, KIND, add, row
from tests.talent.test_service import Talent, write_keys

ENTRIES = 20_000


@pytest.fixture
def talent(talent_database: str, vhost: str, tmp_path: Path) -> Iterator[Talent]:
    wire = Wire(vhost, name="test.topology", heartbeat=0)
    topology.declare_sources(wire.connection.channel(), ["talent"])
    wire.close()
    made = Talent(talent_database, vhost, write_keys(tmp_path))
    made.start()
    yield made
    made.close()


def upload(talent: Talent, content: bytes) -> str:
    about = {"kind": KIND, "filename": "风车.csv", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    import_id = str(talent.call("start_import", department="science", **about)["id"])
    for index, start in enumerate(range(0, len(content), CHUNK_BYTES)):
        piece = base64.b64encode(content[start : start + CHUNK_BYTES]).decode()
        talent.call("append_import_chunk", department="science", import_id=import_id, index=index, data_base64=piece)
    talent.call("submit_import", department="science", import_id=import_id)
    return import_id


def ended(talent: Talent, import_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 240
    while (found := talent.call("get_import", department="science", import_id=import_id))["state"] != "done":
        assert found["state"] in ("queued", "applying"), found
        assert time.monotonic() < deadline, found["counts"]
        time.sleep(0.2)
    return dict(found)


@pytest.mark.timeout(600)
def test_each_entry_is_there_once_and_a_re_upload_writes_nothing(city: City, talent: Talent) -> None:
    add(city)
    university = city.university(name="万物大学")
    content = csv_of([row(f"第{n}号", "万物大学") for n in range(ENTRIES)], HEADERS, encoding="gb18030")
    import_id = upload(talent, content)
    half_way = "select next_line from imports where id = :id"
    deadline = time.monotonic() + 120
    while city.count(half_way, id=import_id) < ENTRIES // 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert talent.process is not None
    talent.process.kill()
    talent.process.communicate()
    assert city.count(half_way, id=import_id) < ENTRIES
    with city.engine.begin() as connection:
        connection.exec_driver_sql("update imports set lease_until = lease_until - interval '1 hour'")
    talent.start()
    assert ended(talent, import_id)["counts"] == {
        "total": ENTRIES, "accepted": ENTRIES, "unchanged": 0, "differs": 0, "rejected": 0,
    }  # fmt: skip
    written = [
        "select count(*) from register_entries where version = 1",
        "select count(*) from register_reports",
        "select count(distinct subject_id) from outbox where type = 'talent.register_entry.reported.v1'",
        "select count(*) from outbox where type like 'talent.register_entry.%'",
        "select count(*) from history where subject = 'register_entry'",
    ]
    assert [city.count(each) for each in written] == [ENTRIES] * 5
    assert city.count("select count(*) from register_parties where organisation_id = :id", id=university) == ENTRIES
    assert ended(talent, upload(talent, content))["counts"]["unchanged"] == ENTRIES
    assert [city.count(each) for each in written] == [ENTRIES] * 5
