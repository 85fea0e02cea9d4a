"""A dry run leaves nothing behind but its verdicts, in any table; files are opened by the real child process."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect

from tests.support.servers import of_owner
from tests.talent.conftest import City
from tests.talent.imports.importing import Desk, Row, csv_of

#: What a dry run may write: itself.
OF_IMPORTS = {"imports", "import_chunks", "import_rows", "import_workbook_parts", "history"}

OTHER_NUMBERS = ("123", "14999919900101000", "149999199013010018", "")
SCHOOLS = ("试算大学", "试算学院", "没有的大学", "同名大学", "")
ROW = st.tuples(
    st.integers(0, 5),
    st.sampled_from(SCHOOLS),
    st.sampled_from(("张三", "张三", "李四")),
    st.sampled_from(("", "13800138000", "13900139000", "12")),
    st.sampled_from(("学生", "学生", "教职工", "校友")),
    st.sampled_from(("2023-09-01", "2024年9月", "2026/9/1", "去年")),
    st.sampled_from(("", "", "2025-07-01", "2027-07-01", "2020-01-01")),
)


@pytest.fixture(scope="module")
def desk(city: City) -> Desk:
    """Its imports go on in chunks of two rows, so that people and organisations meet across chunks."""
    for name in ("试算大学", "试算学院", "同名大学", "同名大学"):
        city.university(name=name)
    return Desk(city).with_settings(chunk_rows=2)


def roster(numbers: list[str], drawn: list[tuple[int, str, str, str, str, str, str]]) -> bytes:
    people = (*numbers, *OTHER_NUMBERS)
    rows: list[Row] = [
        [name, people[who], phone, school, role, since, until] for who, school, name, phone, role, since, until in drawn
    ]
    return csv_of(rows)


def footprint(city: City) -> dict[str, str]:
    """A digest of every table's rows, those of imports themselves excepted."""
    with of_owner(city.engine).connect() as connection:
        names = set(inspect(connection).get_table_names()) - OF_IMPORTS
        selects = {name: f'select t::text from "{name}" t order by 1' for name in sorted(names)}
        selects["history"] = "select t::text from history t where subject <> 'import' order by 1"
        return {
            name: hashlib.sha256("\n".join(connection.exec_driver_sql(sql).scalars()).encode()).hexdigest()
            for name, sql in selects.items()
        }


def outcomes(desk: Desk, content: bytes, mode: str) -> list[tuple[int, str, tuple[str, ...]]]:
    found = desk.run(content, mode=mode)
    assert found["state"] in ("done", "rejected"), found
    return [
        (row["row"], row["verdict"], tuple(f"{one['column']} {one['code']}" for one in row["violations"]))
        for row in desk.rows(found)
    ]


class TestDryRun:
    @settings(max_examples=10, deadline=None)
    @given(
        st.lists(ROW, min_size=1, max_size=9), st.lists(ROW, max_size=4), st.sampled_from(["education", "youth_league"])
    )
    def test_leaves_every_other_table_as_it_was_and_tells_what_the_run_then_does(
        self,
        desk: Desk,
        drawn: list[tuple[int, str, str, str, str, str, str]],
        before: list[tuple[int, str, str, str, str, str, str]],
        department: str,
    ) -> None:
        numbers = [desk.city.id_number(), desk.city.id_number()]
        if before:
            desk.run(roster(numbers, before), department=department)
        content = roster(numbers, drawn)
        was = footprint(desk.city)
        predicted = outcomes(desk, content, "dry_run")
        assert footprint(desk.city) == was
        assert outcomes(desk, content, "best_effort") == predicted
