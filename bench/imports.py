"""Benchmark row ``import_rows_vs_copy``: a roster by HTTP, from the upload to the last verdict and the annotated workbook,
against COPY of the very rows it made into copies of the same tables with all their keys and indexes.
"""

from __future__ import annotations

import datetime as dt
import io
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg2
import xlsxwriter
from sqlalchemy import make_url

from bench.rounds import Row, compare
from deploy.local.throwaway import ThrowawayPlatform, eventually
from examples.city import credit_code
from examples.rosters import HEADERS, id_number

ROSTER_ROWS = 5_000
TABLES = ("people", "person_reports", "affiliations", "affiliation_reports", "history", "outbox", "import_rows")


def rows(platform: ThrowawayPlatform) -> list[Row]:
    """The row; one talent process with all its lanes, and a gateway."""
    for name in ("talent",):
        platform.start_service(name, f"{name}-bench")
        platform.wait_for(f"{name}-bench")
    client = platform.client("importer", "education")
    school = {"kind": "university", "name": "测速大学", "uscc": credit_code("12", 900_001)}
    client.post("/v1/organisations", school)
    counter = iter(range(1, 100))

    def import_rate() -> float:
        with tempfile.TemporaryDirectory() as folder:
            path = _roster(Path(folder), next(counter))
            started = time.monotonic()
            made = client.upload("/v1/imports", path, kind="roster", mode="best_effort")
            address = f"/v1/imports/{made['id']}"
            ended = eventually(
                lambda: found if (found := client.get(address))["state"] == "done" else None, seconds=120
            )
            elapsed = time.monotonic() - started
        assert ended["counts"]["accepted"] == ROSTER_ROWS, ended["counts"]
        return ROSTER_ROWS / elapsed

    def copy_rate() -> float:
        return rate_of_copy(platform.databases["talent"], TABLES, counted="import_rows")

    return [compare("import_rows_vs_copy", candidate=import_rate, baseline=copy_rate, unit="rows/s", floor=0.05)]


def _roster(folder: Path, number: int) -> Path:
    path = folder / "roster.xlsx"
    workbook = xlsxwriter.Workbook(path)
    sheet = workbook.add_worksheet()
    sheet.write_row(0, 0, HEADERS)
    for n in range(ROSTER_ROWS):
        born = dt.date(2000, 1, 1) + dt.timedelta(days=number * 20 + n // 900)
        number_of = id_number(born, n % 900)
        cells = (
            "测试人",
            "居民身份证",
            number_of,
            f"199{number:02d}{n:06d}",
            f"bench{number}.{n}@example.com",
            "测速大学",
            "学生",
            "2024-09-01",
            "2028-07-01",
        )
        sheet.write_row(n + 1, 0, cells)
    workbook.close()
    return path


def rate_of_copy(database_url: str, tables: Sequence[str], *, counted: str) -> float:
    """Rows of `counted` per second if COPY alone had to bring in all rows of the tables: the same columns, keys, indexes and
    foreign keys, each table in a transaction of its own.
    """
    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg2.connect(url)
    connection.autocommit = True
    seconds = 0.0
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {counted}")
        rows = cursor.fetchone()[0]
        for table in tables:
            data = io.BytesIO()
            cursor.copy_expert(f"copy (select * from {table}) to stdout", data)
            cursor.execute(f"create table copy_of_{table} (like {table} including all)")
            cursor.execute(
                "select pg_get_constraintdef(oid) from pg_constraint where contype = 'f' and conrelid = %s::regclass",
                (table,),
            )
            for (definition,) in cursor.fetchall():
                cursor.execute(f"alter table copy_of_{table} add {definition}")
            data.seek(0)
            started = time.monotonic()
            cursor.copy_expert(f"copy copy_of_{table} from stdin", data)
            seconds += time.monotonic() - started
            cursor.execute(f"drop table copy_of_{table}")
    connection.close()
    return float(rows / seconds)
