"""One roster row: from the cells of any spreadsheet to values, or to violations that repeat none of them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.imports.cells import Cell
from contracts.vocabulary import ID_TYPES, ROLES
from services.talent.imports.roster.columns import COLUMN_BY_KEY
from services.talent.imports.roster.rows import ID_TYPE_NAMES, ROLE_NAMES, RosterRow, read_row
from tests.talent.conftest import make_id_number

NUMBER = make_id_number(1)
GOOD: dict[str, Cell] = {
    "name": "张三",
    "id_number": NUMBER,
    "role": "学生",
    "from_on": "2024-09-01",
}


def values(**cells: Cell) -> RosterRow:
    row = read_row({**GOOD, **cells})
    assert isinstance(row, RosterRow), row
    return row


def codes(**cells: Cell) -> list[tuple[str, str]]:
    row = read_row({**GOOD, **cells})
    assert isinstance(row, list)
    return [(COLUMN_BY_KEY[violation.field].zh, violation.code) for violation in row]


class TestReadRow:
    def test_takes_the_least_a_roster_says(self) -> None:
        day = dt.date(2024, 9, 1)
        assert values() == RosterRow("张三", "resident_id", NUMBER, None, None, None, "student", day, None)

    def test_comes_back_from_json_as_it_went(self) -> None:
        row = values(until_on="2028-07-01", phone="13800000000", email="li@sxmu.example", organisation="示范大学")
        assert RosterRow.from_json(json.loads(json.dumps(row.to_json()))) == row

    def test_tells_all_that_is_wrong_at_once(self) -> None:
        found = read_row({})
        assert isinstance(found, list)
        assert [COLUMN_BY_KEY[violation.field].zh for violation in found] == [
            "姓名",
            "证件号码",
            "身份",
            "入学/入职日期",
        ]
        assert {violation.code for violation in found} == {"required"}

    def test_names_of_documents_and_roles_are_those_talent_knows(self) -> None:
        assert set(ID_TYPE_NAMES) == set(ID_TYPES)
        assert set(ROLE_NAMES) == set(ROLES)

    @pytest.mark.parametrize(
        ("written", "id_type"), [(zh, key) for key, names in ID_TYPE_NAMES.items() for zh in names]
    )
    def test_knows_documents_by_their_chinese_names(self, written: str, id_type: str) -> None:
        assert values(id_type=written).id_type == id_type

    @pytest.mark.parametrize(("written", "role"), [(zh, key) for key, names in ROLE_NAMES.items() for zh in names])
    def test_knows_roles_by_their_chinese_names(self, written: str, role: str) -> None:
        assert values(role=f" {written} ").role == role

    def test_refuses_unknown_documents_and_roles(self) -> None:
        assert codes(id_type="学生证", role="校友") == [("证件类型", "id_type_unknown"), ("身份", "role_unknown")]


class TestNumbersSpreadsheetsSpoil:
    @pytest.mark.parametrize(
        "cell",
        [1.40702199901011e17, 140702199901010000, "1.40702E+17", "1.4e+17", "１.４０７０２E+17", "149999199001010000"],
    )
    def test_an_id_number_that_became_a_quantity_says_so(self, cell: Cell) -> None:
        assert codes(id_number=cell) == [("证件号码", "id_number_became_a_number")]

    def test_zeros_at_the_end_that_the_check_character_confirms_are_a_number(self) -> None:
        ending = next(number for n in range(20_000) if (number := make_id_number(n)).endswith("000"))
        assert values(id_number=ending).id_number == ending

    def test_a_short_number_that_is_exact_is_read(self) -> None:
        row = values(id_type="护照", id_number=12345678.0, phone=13800000000.0)
        assert (row.id_number, row.phone) == ("12345678", "13800000000")

    def test_the_apostrophe_of_our_own_workbook_is_taken_off(self) -> None:
        assert values(phone="'+8613800000000").phone == "+8613800000000"


class TestDates:
    @pytest.mark.parametrize(
        "cell",
        [
            "2024-09-01",
            "2024/9/1",
            "2024.9.1",
            "2024年9月1日",
            "２０２４年９月１日",
            "20240901",
            20240901.0,
            "2024-09",
            "2024年9月",
            "202409",
            202409.0,
            "2024 年 9 月 1 日",
            "2024-09-01 00:00:00",
            "2024-09-01T08:30:00",
            dt.date(2024, 9, 1),
            dt.datetime(2024, 9, 1, 8, 30),
            45536.0,
        ],
    )
    def test_reads_this_way_to_write_the_first_of_september(self, cell: Cell) -> None:
        assert values(from_on=cell).from_on == dt.date(2024, 9, 1)

    @pytest.mark.parametrize("cell", ["", None, "长期", "-", "至今", "在职"])
    def test_an_end_may_be_open(self, cell: Cell) -> None:
        assert values(until_on=cell).until_on is None

    @pytest.mark.parametrize(
        "cell", ["去年秋天", "2024-13-01", "2024-02-30", "20241301", "To be told", "T", True, 7.0, 2024.0]
    )
    def test_says_when_a_date_cannot_be_read(self, cell: Cell) -> None:
        assert codes(from_on=cell) == [("入学/入职日期", "date_unreadable")]

    @pytest.mark.parametrize("cell", ["1024-09-01", "2924-09-01", dt.date(1900, 1, 1), 12_000.0])
    def test_says_when_a_date_is_out_of_range(self, cell: Cell) -> None:
        assert codes(from_on=cell) == [("入学/入职日期", "date_implausible")]


CELLS = st.one_of(
    st.text(max_size=30),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.dates(),
    st.datetimes(),
    st.timedeltas(),
    st.from_regex(r"[0-9]{4}[-/.年]?[0-9]{1,2}[-/.月]?[0-9]{0,2}", fullmatch=True),
)


class TestAnyCells:
    @given(
        st.dictionaries(
            st.sampled_from(["name", "id_type", "id_number", "phone", "role", "from_on", "until_on"]), CELLS
        )
    )
    def test_are_values_or_violations_and_never_an_error(self, cells: dict[str, Any]) -> None:
        row = read_row(cells)
        if isinstance(row, RosterRow):
            assert RosterRow.from_json(row.to_json()) == row
        else:
            assert all(violation.zh and violation.en for violation in row)

    @given(st.text("0123456789ABCDEF", min_size=6, max_size=20))
    def test_violations_repeat_no_cell(self, secret: str) -> None:
        row = read_row(dict.fromkeys(["id_type", "role", "from_on", "until_on"], secret))
        if isinstance(row, list):
            assert secret not in json.dumps([violation.to_error() for violation in row])
