"""Entries of a register as a file: it opens, nothing in it is a formula, and sent in again it changes nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook

from contracts.language.paging import Paging
from contracts.language.schema import Position
from contracts.talent.register_rows import RegisterRows
from gateway.http import sheets
from services.talent.imports.registers.exporting import list_register_rows
from services.talent.registers import EntryRow, PartyRow, report_entries
from services.talent.registers.kinds import RegisterKindNotFound
from tests.talent.conftest import City, make_credit_code
from tests.talent.imports.importing import Desk, table
from tests.talent.imports.registers.kinds_made_up import HEADERS, KIND, add, row


@pytest.fixture(scope="module")
def desk(city: City) -> Desk:
    """With seven entries, whose names tempt whoever splits or looks them up."""
    add(city)
    desk = Desk(city)
    city.university(name="甲、乙联合大学")
    for _ in range(2):
        city.university(name="同名大学")
    (code,) = (one[0] for one in city.rows("select uscc from organisations where name = '同名大学' limit 1"))
    rows = [row(f"导出{n}", "出口公司", 县区代码="110101", 签约时间="2024-03") for n in range(4)]
    both = f"{code}；{_code_of(city, '甲、乙联合大学')}"
    measures = {"面积（平方米）": "0.5", "总造价": "0.07", "是否开放": "否"}
    rows.append(row("一切", code, 合作单位=both, **measures))
    rows.append(row("新来", "新来公司", 业主单位信用代码=make_credit_code(88_001), 建成年月="2023-4", 制造单位=code))
    assert set(desk.verdicts(desk.run(table(rows, HEADERS), department="science", kind=KIND))) == {"accepted"}
    return desk


def _code_of(city: City, name: str) -> str:
    return str(city.rows("select uscc from organisations where name = :name", name=name)[0][0])


def pages(desk: Desk, **filters: Any) -> Iterator[list[list[str]]]:
    """As the gateway fetches them."""
    after = None
    while True:
        with desk.city.work("health") as work:
            page = Paging(limit=2, after=after)
            found = RegisterRows().dump(list_register_rows(work, page=page, kind_key="windmills", **filters))
        if after is None:
            yield [found["headers"]]
        yield found["items"]
        if found["next_after"] is None:
            return
        after = Position().load(found["next_after"])


def exported(desk: Desk, **filters: Any) -> list[list[str]]:
    return [one for page in pages(desk, **filters) for one in page]


def test_both_forms_open_and_hold_the_same(desk: Desk) -> None:
    workbook = b"".join(sheets.xlsx_of(pages(desk), name="风车/[1]"))
    text = b"".join(sheets.csv_of(pages(desk)))
    of_workbook = [[cell or "" for cell in each] for each in load_workbook(io.BytesIO(workbook)).active.values]
    assert text.startswith(b"\xef\xbb\xbf")
    assert of_workbook == list(csv.reader(io.StringIO(text.decode("utf-8-sig")))) == exported(desk)
    headers, *rows = of_workbook
    assert headers[-3:] == ["记录编号", "当前状态", "报送部门"]
    assert len(rows) == 6
    last = dict(zip(headers, rows[-1], strict=True))
    assert UUID(last["记录编号"])
    assert (last["当前状态"], last["报送部门"], last["建成年月"]) == ("签约", "science", "2023-04")


def test_sent_in_again_it_changes_nothing(desk: Desk) -> None:
    before = desk.city.count("select count(*) from outbox") + desk.city.count(
        "select sum(version) from register_entries"
    )
    for content in (b"".join(sheets.xlsx_of(pages(desk), name="风车")), b"".join(sheets.csv_of(pages(desk)))):
        found = desk.run(content, department="science", kind=KIND)
        assert desk.verdicts(found) == ["unchanged"] * 6, desk.rows(found)
    after = desk.city.count("select count(*) from outbox") + desk.city.count(
        "select sum(version) from register_entries"
    )
    assert after == before


def test_the_filters_are_those_of_the_list(desk: Desk) -> None:
    assert len(exported(desk, county="110101")) == 5
    assert len(exported(desk, state="agreed", on=dt.date(2024, 3, 1))) == 7
    assert exported(desk, state="running") == exported(desk, reported_by="zone") == exported(desk)[:1]
    with desk.city.work() as work, pytest.raises(RegisterKindNotFound):
        list_register_rows(work, page=Paging(limit=1), kind_key="no_such")


def test_nothing_in_it_is_a_formula(desk: Desk) -> None:
    hostile = ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "<b>&\"'", "a\x0bb"]
    university = desk.city.university()
    entries = [
        EntryRow(
            "windmills",
            title,
            None,
            {"agreed_on": dt.date(2024, 1, 1)},
            [PartyRow("owner", university)],
            {"level": "low"},
        )
        for title in hostile
    ]
    with desk.city.work("science") as work:
        assert {one.verdict for one in report_entries(work, entries)} == {"accepted"}
    sheet = load_workbook(io.BytesIO(b"".join(sheets.xlsx_of(pages(desk), name="风车")))).active
    titles = [str(cell.value) for cell in sheet["A"]][1 : 1 + len(hostile)]  # the oldest
    assert titles == ["'=cmd|'/c calc'!A1", "'+1", "'-1", "'@SUM(A1)", "<b>&\"'", "ab"]
    assert {cell.data_type for each in sheet.iter_rows() for cell in each if cell.value} == {"s"}
    text = b"".join(sheets.csv_of(pages(desk))).decode("utf-8-sig")
    assert not [one for each in csv.reader(io.StringIO(text)) for one in each if one.startswith(("=", "+", "-", "@"))]
