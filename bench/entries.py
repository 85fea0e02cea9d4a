"""Benchmark row ``register_entries_vs_copy``: a register's file by HTTP, from the upload until the event of its last entry is
published, against COPY of the very rows it made into copies of the same tables with all their keys and indexes.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import psycopg2
import xlsxwriter
from sqlalchemy import make_url

from bench.imports import rate_of_copy
from bench.rounds import Row, compare
from deploy.local.throwaway import ThrowawayPlatform, eventually
from examples.city import credit_code

ENTRIES = 5_000
TABLES = ("register_entries", "register_parties", "register_reports", "history", "outbox", "import_rows")
KIND = {
    "name": {"zh-CN": "测速台账", "en": "Bench register"},
    "programme": "bench",
    "natural_key": ["title"],
    "states": [{"key": "agreed", "name": {"zh-CN": "达成", "en": "agreed"}}],
    "parties": [{"role": "host", "name": {"zh-CN": "单位", "en": "Host"}, "of": ["university"], "most": 1}],
    "fields": [{"key": "area", "name": {"zh-CN": "面积", "en": "Area"}, "type": "number"}],
    "reporters": ["science"],
}


def rows(platform: ThrowawayPlatform) -> list[Row]:
    """The row; one talent process with all its lanes, and a gateway."""
    platform.start_service("talent", "talent-bench")
    platform.wait_for("talent-bench")
    client = platform.client("registrar", "science")
    school = {"kind": "university", "name": "测速大学", "uscc": credit_code("12", 900_001)}
    client.post("/v1/organisations", school)
    client.put("/v1/register-kinds/bench", KIND, if_none_match="*")
    counter = iter(range(1, 100))

    def entry_rate() -> float:
        with tempfile.TemporaryDirectory() as folder:
            path = _file(Path(folder), next(counter))
            started = time.monotonic()
            made = client.upload("/v1/imports", path, kind="register.bench", mode="best_effort")
            address = f"/v1/imports/{made['id']}"
            ended = eventually(
                lambda: found if (found := client.get(address))["state"] == "done" else None, seconds=120
            )
            eventually(lambda: _waiting(platform.databases["talent"]) == 0, seconds=60)
            elapsed = time.monotonic() - started
        assert ended["counts"]["accepted"] == ENTRIES, ended["counts"]
        return ENTRIES / elapsed

    def copy_rate() -> float:
        return rate_of_copy(platform.databases["talent"], TABLES, counted="register_entries")

    row = compare("register_entries_vs_copy", candidate=entry_rate, baseline=copy_rate, unit="entries/s", floor=0.05)
    return [row]


def _file(folder: Path, number: int) -> Path:
    path = folder / "register.xlsx"
    workbook = xlsxwriter.Workbook(path)
    sheet = workbook.add_worksheet()
    sheet.write_row(0, 0, ("名称", "单位", "达成日期", "面积"))
    for n in range(ENTRIES):
        sheet.write_row(n + 1, 0, (f"测速记录{number}-{n}", "测速大学", "2024-09-01", n))
    workbook.close()
    return path


def _waiting(database_url: str) -> int:
    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from outbox where position is null")
        (waiting,) = cursor.fetchone()
    connection.close()
    return int(waiting)
