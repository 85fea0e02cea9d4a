"""Cells of declared fields: each type reads what is unambiguous, and says of all else what is wrong, without repeating it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chassis.declared import cells, columns
from chassis.imports.cells import Cell, Wrong
from chassis.imports.headers import header_key
from contracts.language.declared import FIELD_TYPES, PERSON, DeclaredField


def field(kind: str, zh: str = "合同额", **more: Any) -> dict[str, Any]:
    given = {"key": "value", "name": {"zh-CN": zh, "en": "Value"}, "type": kind, **more}
    return dict(DeclaredField().load(given))


LEVELS = [
    {"key": "national", "name": {"zh-CN": "国家级", "en": "National"}},
    {"key": "city", "name": {"zh-CN": "市级，重点", "en": "City level"}},
]


def read(declared: dict[str, Any], cell: Cell) -> Any:
    (given,) = columns.given_of([declared])
    return cells.read_cell(given, cell, [])


def test_every_type_but_person_is_read() -> None:
    assert set(FIELD_TYPES) - {PERSON} == cells.READABLE
    assert columns.columns_of([field(PERSON)]) == columns.given_of([field(PERSON)]) == []
    assert [one["key"] for one in columns.unreadable([field(PERSON, required=True)])] == ["value"]


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("text", "  上海大学 ", "上海大学"),
        ("text", "", None),
        ("day", "2023年4月5日", "2023-04-05"),
        ("day", dt.datetime(2023, 4, 5), "2023-04-05"),
        ("month", "2023-04", "2023-04"),
        ("month", dt.date(2023, 4, 5), "2023-04"),
        ("number", "1,200.50", 1200.5),
        ("number", "１，２００", 1200),
        ("number", "2.78万", 27800),
        ("number", 0.1 + 0.2, 0.3),
        ("number", -3, -3),
        ("money", "48", 4800),
        ("money", "48.5元", 4850),
        ("money", "¥1,000", 100_000),
        ("money", "48万元", 48_000_000),
        ("money", 0.07, 7),
        ("yes_no", "有", True),
        ("yes_no", "无", False),
        ("yes_no", True, True),
        ("yes_no", 0, False),
        ("yes_no", "YES", True),
        ("county", "140702", "140702"),
        ("county", 140702, "140702"),
        ("county", "某区（140702）", "140702"),
        ("organisation", " 上海大学", "上海大学"),
    ],
)
def test_what_is_unambiguous_is_read(kind: str, cell: Cell, value: Any) -> None:
    found = read(field(kind), cell)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "cell", "code"),
    [
        ("number", "12平米", "number_unreadable"),
        ("number", "1,20", "number_unreadable"),
        ("number", "1e5", "number_unreadable"),
        ("number", True, "number_unreadable"),
        ("number", dt.date(2023, 4, 5), "number_unreadable"),
        ("number", float("nan"), "number_implausible"),
        ("number", 10**20, "number_implausible"),
        ("number", "=1+1", "formula_without_value"),
        ("number", "#REF!", "cell_error"),
        ("money", "0.001", "money_too_fine"),
        ("money", "约48万", "number_unreadable"),
        ("money", "9999999999万", "number_implausible"),
        ("month", 2023.1, "date_ambiguous"),
        ("day", "昨天", "date_unreadable"),
        ("yes_no", "可能", "yes_no_unreadable"),
        ("county", "某区", "county_unreadable"),
        ("county", "140702、140703", "county_unreadable"),
        ("county", "1407021", "county_unreadable"),
    ],
)
def test_what_is_not_is_refused_and_never_repeated(kind: str, cell: Cell, code: str) -> None:
    with pytest.raises(Wrong) as refused:
        read(field(kind), cell)
    assert refused.value.code == code
    assert code == "cell_error" or str(cell) not in refused.value.zh + refused.value.en


@pytest.mark.parametrize("cell", ["国家级", "national", " National ", "国 家级"])
def test_a_choice_is_read_by_its_key_and_both_names(cell: str) -> None:
    assert read(field("choice", choices=LEVELS), cell) == "national"


def test_a_choice_that_is_none_and_a_required_cell_that_is_empty_are_refused() -> None:
    for declared, code in (
        (field("choice", choices=LEVELS), "choice_unknown"),
        (field("text", required=True), "required"),
    ):
        with pytest.raises(Wrong) as refused:
            read(declared, "省级" if code == "choice_unknown" else " ")
        assert refused.value.code == code


def test_the_header_of_money_says_its_unit_and_one_of_another_unit_is_another_column() -> None:
    yuan, tens = field("money"), field("money", "合同额（万元）")
    assert (read(tens, "12.5"), read(tens, "12万元"), read(yuan, "12.5")) == (12_500_000, 12_000_000, 1250)
    (column,) = columns.columns_of([yuan])
    assert column.zh == "合同额（元）"
    for header in ("合同额", "合同额（元）", "合同额（元）（必填）", "value"):
        assert header_key(header, [column]) == "fields/value"
    assert header_key("合同额（万元）", [column]) is None
    (column,) = columns.columns_of([tens])
    assert header_key("合同额(万元)", [column]) == "fields/value"
    assert header_key("合同额", [column]) is None


def test_what_is_written_is_read_as_the_same_value() -> None:
    for declared, value in (
        (field("text"), "上海大学"),
        (field("month"), "2023-04"),
        (field("number"), 1200.5),
        (field("number"), 1e-6),
        (field("number"), 123456789012345),
        (field("money"), 4801),
        (field("money", "合同额（万元）"), 4801),
        (field("yes_no"), False),
        (field("choice", choices=LEVELS), "city"),
        (field("county"), "140702"),
    ):
        assert read(declared, columns.written(declared, value)) == value
    assert columns.written(field("text"), None) == ""


def test_two_columns_of_one_header_are_told_apart() -> None:
    first, second = field("text", "备注"), {**field("text", "备注"), "key": "other"}
    made = columns.told_apart(columns.columns_of([first, second]))
    assert [column.zh for column in made] == ["备注", "备注-fields/other"]
    assert len({header_key(column.zh, made) for column in made}) == 2
