"""A dry run's verdicts are those of the run that follows, whatever the file holds and wherever it is cut into chunks."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chassis.imports import job
from chassis.imports.kinds import ImportKind
from chassis.imports.opening import open_table
from chassis.imports.reading import Sheet, read_lines
from chassis.imports.tabular import Limits
from tests.talent.conftest import City, make_id_number
from tests.talent.imports.importing import HEADERS, Desk, csv_of

SERIAL = itertools.count(50_000)

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "person": st.integers(0, 2),
            "spelling": st.sampled_from(["upper", "lower", "wide", "other document"]),
            "name": st.sampled_from(["张三", "张三", "李四", ""]),
            "phone": st.sampled_from(["", "13800000000", "13900000000", "12"]),
            "school": st.sampled_from(["own", "own", "foreign", "unknown"]),
            "role": st.sampled_from(["学生", "教职工", "?"]),
            "from_on": st.sampled_from(["2018-09-01", "2024-09-01", "2025-09-01"]),
            "until_on": st.sampled_from(["", "2022-07-01", "2028-07-01", "2010-01-01"]),
        }
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def schools(city: City) -> dict[str, str]:
    city.university("education", name="本校")
    city.university("science", name="外校")
    return {"own": "本校", "foreign": "外校", "unknown": "没有的大学"}


@pytest.fixture(autouse=True)
def in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same reading without a child process for each file, for hundreds of files."""

    def read(parts: Iterable[bytes], kind: ImportKind, *, is_given: bool, **rest: Any) -> Iterator[dict[str, Any]]:
        limits = Limits(unpacked_bytes=10**6, parts=100, rows=1000, columns=50)
        table = open_table(b"".join(parts), limits, kind.columns)
        required = kind.required(is_given=is_given)
        sheet = Sheet(kind.columns, required, kind.read_row, kind.group_of, kind.too_often)
        return read_lines(table, sheet, max_rows=limits.rows)

    monkeypatch.setattr(job, "read_file", read)
    monkeypatch.setattr(job, "annotate_file", lambda *args, **fields: iter([b"-"]))


def _file(rows: list[dict[str, Any]], schools: dict[str, str], numbers: list[str]) -> bytes:
    lines = []
    for row in rows:
        number = numbers[row["person"]]
        spelt = {"lower": number.lower(), "wide": "".join(chr(ord(ch) + 0xFEE0) for ch in number)}
        id_type = "港澳台居民居住证" if row["spelling"] == "other document" else "居民身份证"
        school = schools[row["school"]]
        cells = (row["phone"], school, row["role"], row["from_on"], row["until_on"])
        lines.append([row["name"], spelt.get(row["spelling"], number), *cells, id_type])
    return csv_of(lines, [*HEADERS, "证件类型"])


def _written(city: City) -> list[int]:
    tables = ("people", "person_reports", "affiliations", "affiliation_reports", "outbox")
    return [city.count(f"select count(*) from {name}") for name in tables]


# no shrinking: an example costs a database; the file it fails on is small as it is
@settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    before=ROWS,
    rows=ROWS,
    chunk_rows=st.integers(1, 5),
    other=st.booleans(),
    mode=st.sampled_from(["best_effort", "all_or_nothing"]),
)
def test_a_dry_run_foretells_the_run(
    city: City,
    schools: dict[str, str],
    before: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    chunk_rows: int,
    other: bool,
    mode: str,
) -> None:
    desk = Desk(city).with_settings(chunk_rows=chunk_rows)
    number = _with_x()
    numbers = [number, make_id_number(next(SERIAL)), make_id_number(next(SERIAL))]
    desk.run(_file(before, schools, numbers), department="science" if other else "education")
    content = _file(rows, schools, numbers)
    held = _written(city)
    trial = desk.run(content, mode="dry_run")
    assert _written(city) == held
    real = desk.run(content, mode=mode)
    assert (trial["state"], trial["applied"]) == ("done", False)
    assert _outcome(desk, trial) == _outcome(desk, real)
    if real["state"] == "done":
        recorded = _recorded(city)
        desk.run(content)
        assert _recorded(city) == recorded


def _recorded(city: City) -> list[tuple[Any, ...]]:
    """What a file that is sent in again leaves as it is, though it contradict itself: its last row on a person counts."""
    people = city.rows("select id, name_masked, phone_masked from people order by id")
    affiliations = city.rows("select id, state, from_on, until_on, version from affiliations order by id")
    return [tuple(row) for row in (*people, *affiliations)]


def _outcome(desk: Desk, found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(row["row"], row["verdict"], row["violations"]) for row in desk.rows(found)]


def _with_x() -> str:
    return next(number for number in map(make_id_number, SERIAL) if number.endswith("X"))
