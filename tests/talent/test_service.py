"""The front door of talent: a real process, called over the broker as the gateway calls it."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chassis.broker import topology
from chassis.broker.wire import Wire
from chassis.rpc.calls import CallContext
from chassis.rpc.client import RpcClient
from contracts.language.refusals import Refusal
from deploy.local.throwaway import free_port
from tests.talent.conftest import make_credit_code, make_id_number


class Talent:
    """A talent process and a caller of it."""

    def __init__(self, database_url: str, amqp_uri: str, key_dir: Path) -> None:
        self.client = RpcClient(amqp_uri, name="test")
        self.env = {
            **os.environ,
            "TALENT_DATABASE_URL": database_url,
            "AMQP_URI": amqp_uri,
            "KEY_DIR": str(key_dir),
            "YOUTHCITY_ENV": "dev",
            "GATEWAY_BROKER_USER": self.client._user_id,
            "TALENT_HEALTH_PORT": "0",
            "GRACE_SECONDS": "4",
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.env["TALENT_HEALTH_PORT"] = str(free_port())
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services.talent"],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        deadline = time.monotonic() + 20
        while not self._is_ready():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.process.kill()
                pytest.fail(f"talent did not become ready: {self.process.communicate()[0][-3000:]}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.env['TALENT_HEALTH_PORT']}/readyz"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.HTTPError):
            return False

    def call(
        self, method: str, *, department: str = "education", idempotency_key: str | None = None, **fields: Any
    ) -> Any:
        context = CallContext(
            f"{department}-client",
            department,
            "r1",
            idempotency_key=idempotency_key or str(uuid.uuid4()),
            scopes=["registry:govern"] if department == "education" else [],  # the city office
        )
        return self.client.call("talent", method, fields, context=context, timeout=10)

    def close(self) -> None:
        self.client.close()
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.communicate(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.communicate()


def write_keys(folder: Path, *, seed: bytes = b"k") -> Path:
    for name in ("id_encryption", "id_lookup", "upload_encryption", "idempotency"):
        path = folder / f"{name}.json"
        key = base64.b64encode(seed * 32).decode()
        path.write_text(json.dumps({"current": "2026a", "keys": {"2026a": key}}))
        path.chmod(0o600)
    return folder


@pytest.fixture
def talent(talent_database: str, vhost: str, tmp_path: Path) -> Iterator[Talent]:
    wire = Wire(vhost, name="test.topology", heartbeat=0)
    topology.declare_sources(wire.connection.channel(), ["talent"])
    wire.close()
    made = Talent(talent_database, vhost, write_keys(tmp_path))
    yield made
    made.close()


class TestTalentProcess:
    @pytest.mark.parametrize("asker", ["notify", "the sender"])
    def test_tells_contacts_to_the_one_service_that_sends_and_to_no_other(self, talent: Talent, asker: str) -> None:
        if asker == "the sender":
            talent.env["NOTIFY_BROKER_USER"] = talent.client._user_id
        talent.start()
        person = {"name": "欧阳修", "id_type": "resident_id", "id_number": make_id_number(900_002)}
        made = talent.call("register_person", **person, email="ouyang@example.com")
        request = {"person_ids": [made["id"]], "purpose": "messages"}
        if asker == "notify":
            with pytest.raises(Refusal) as refused:
                talent.call("read_contacts", **request)
            assert refused.value.to_wire()["code"] == "chassis.caller_not_trusted"
        else:
            (contact,) = talent.call("read_contacts", **request)["items"]
            assert (contact["name"], contact["email"]) == ("欧阳修", "ouyang@example.com")

    def test_a_student_is_registered_reported_confirmed_and_ended(self, talent: Talent) -> None:
        talent.start()
        place = talent.call(
            "register_organisation", kind="university", name="示范大学", uscc=make_credit_code(90_000_001)
        )
        assert (place["created"], place["trusted_departments"]) == (True, ["education"])
        number = make_id_number(900_001)
        person = {"name": "欧阳修", "id_type": "resident_id", "id_number": number, "phone": "13800138000"}
        made = talent.call("register_person", idempotency_key="same", **person)
        assert made["name_masked"] == "欧阳*"
        assert number not in str(made)
        again = talent.call("register_person", idempotency_key="same", **person)
        assert (again, again.replayed) == (made, True)
        wanted = {"person_id": made["id"], "organisation_id": place["id"], "role": "student", "from_on": "2026-09-01"}
        assert talent.call("register_person", department="youth_league", **person)["id"] == made["id"]
        waiting = talent.call("report_affiliation", department="youth_league", **wanted)
        assert (waiting["state"], waiting["until_on"]) == ("reported", None)
        confirmed = talent.call("confirm_affiliation", affiliation_id=waiting["id"])
        assert (confirmed["state"], confirmed["version"]) == ("confirmed", 2)
        ended = talent.call("end_affiliation", affiliation_id=waiting["id"], until_on="2026-10-01")
        assert (ended["state"], ended["until_on"]) == ("ended", "2026-10-01")
        page = talent.call("list_affiliations", person_id=made["id"], limit=1)
        assert (len(page["items"]), page["next_after"]) == (1, None)

    def test_sets_lists_and_figures_cross_the_broker(self, talent: Talent) -> None:
        talent.start()
        ids = [talent.call("register_organisation", kind="venue", name=f"场馆{number}")["id"] for number in range(3)]
        members = [{"organisation_id": one, "from_on": "2023-01-01"} for one in ids]
        name = {"zh-CN": "场馆", "en": "Venues"}
        talent.call("put_organisation_set", key="venues", version=None, name=name, members=members)
        shown = talent.call("get_organisation_set", key="venues", on="2022-12-31")
        assert (shown["name"], shown["members"], shown["version"]) == (name, [], 1)
        seen, after = [], None
        for _ in range(3):
            page = talent.call("list_organisations", kind="venue", limit=1, after=after)
            seen += [item["id"] for item in page["items"]]
            after = page["next_after"]
        assert (sorted(seen), after) == (sorted(ids), None)
        of = {"mechanism": "organisations", "kinds": ["venue"]}
        definition = {"key": "venues", "count": "records", "kind": "stock", "of": of}
        (figure,) = talent.call("count_figures", figures=[definition])["items"]
        records = talent.call("list_figure_records", figure=definition, limit=2)
        assert figure["value"] >= 3
        assert (len(records["items"]), records["next_after"]["id"]) == (2, records["items"][1]["id"])

    def test_refusals_cross_as_data(self, talent: Talent) -> None:
        talent.start()
        with pytest.raises(Refusal) as wrong:
            talent.call("register_person", name="张三", id_type="resident_id", id_number="140702199001010010")
        assert wrong.value.code == "talent.person_invalid"
        assert [error["code"] for error in wrong.value.errors] == ["id_number_check"]
        with pytest.raises(Refusal) as missing:
            talent.call("get_person", person_id=str(uuid.uuid4()))
        assert (missing.value.kind, missing.value.code) == ("not_found", "talent.person_not_found")

    def test_does_not_start_with_the_keys_of_another_database(self, talent: Talent, tmp_path: Path) -> None:
        talent.start()
        assert talent.process is not None
        talent.process.send_signal(signal.SIGTERM)
        talent.process.communicate(timeout=15)
        write_keys(tmp_path, seed=b"x")
        stranger = subprocess.run(
            [sys.executable, "-m", "services.talent"], env=talent.env, capture_output=True, text=True, timeout=30
        )
        assert stranger.returncode != 0
        assert "KeyProblem" in stranger.stdout + stranger.stderr
