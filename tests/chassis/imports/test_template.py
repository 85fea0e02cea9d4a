"""The workbook to fill in, of kinds whose names and choices anybody may have written."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import load_workbook

from chassis.imports.headers import find_header_row
from chassis.imports.kinds import Column, ImportKind
from chassis.imports.opening import open_table
from chassis.imports.settings import ImportSettings
from chassis.imports.tabular import Limits
from chassis.imports.template import CHOICES, GUIDE, template

FEW, MANY = ("是", "否"), tuple(f"第{number}种很长的选项" for number in range(60))
COLUMNS = (
    Column("name", "名称", "name", (), example="甲"),
    Column("kind", "种类（大类）", "kind", (), allowed=FEW),
    Column("sort", "品种", "sort", (), allowed=MANY),
    Column("with", "含逗号的", "with commas", (), is_required=False, allowed=("甲,乙", "丙")),
)


def made(zh: str) -> bytes:
    kind: Any = ImportKind("k", zh=zh, en="K", columns=COLUMNS, read_row=lambda cells: cells, apply=lambda *a, **k: [])
    return template(kind)


def test_choices_that_fit_into_no_rule_are_listed_on_a_hidden_sheet() -> None:
    book = load_workbook(io.BytesIO(made("风车")))
    rules = [rule.formula1 for rule in book["风车"].data_validations.dataValidation]
    assert rules == ['"是,否"', f"'{CHOICES}'!$C$1:$C$60", f"'{CHOICES}'!$D$1:$D$2"]
    assert [cell.value for cell in book[CHOICES]["C"]] == list(MANY)
    assert book[CHOICES].sheet_state == "hidden"


@pytest.mark.parametrize("zh", ["风" * 40, "a/b\\c:d*e?f[g]", GUIDE, CHOICES, "History", "''", " "])
def test_any_name_of_a_kind_makes_a_sheet(zh: str) -> None:
    settings = ImportSettings()
    content = made(zh)
    assert len(load_workbook(io.BytesIO(content)).sheetnames[0]) <= 31
    limits = Limits(**settings.child_limits()["table_limits"])
    table = open_table(content, limits, COLUMNS)
    headers = find_header_row(table.rows, COLUMNS)
    assert headers is not None
    assert list(headers.cells) == [column.key for column in COLUMNS]
