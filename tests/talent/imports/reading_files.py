"""Reading a roster's bytes in the child process, without a database; workbooks made by hand where openpyxl has no word for it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from chassis.imports.limited import read_file
from chassis.imports.reasons import FileRefused, reason
from chassis.imports.settings import ImportSettings
from services.talent.imports import kinds
from tests.talent.conftest import make_id_number
from tests.talent.imports.importing import HEADERS, Row

SETTINGS = ImportSettings(wall_seconds=60)
#: Without the keys that applying it needs.
ROSTER = kinds.of_keys(None)["roster"]  # type: ignore[arg-type]

About = dict[str, Any]
Line = dict[str, Any]


def read(content: bytes, *, is_given: bool = False) -> tuple[About, list[Line]]:
    """What is said of the file, and its lines."""
    lines = read_file([content], ROSTER, is_given=is_given, settings=SETTINGS, on_wait=lambda: None)
    return next(lines), list(lines)


def refusal(content: bytes, *, is_given: bool = False) -> dict[str, str]:
    """The reason a file is refused for."""
    try:
        read(content, is_given=is_given)
    except FileRefused as refused:
        return reason(refused.code, **refused.params)
    raise AssertionError("the file was read")


def values(content: bytes, *names: str) -> list[Any]:
    """These values of each line, or the codes of its violations."""
    found = []
    for line in read(content)[1]:
        if "values" in line:
            found.append(tuple(line["values"][name] for name in names) if len(names) > 1 else line["values"][names[0]])
        else:
            found.append([violation["code"] for violation in line["violations"]])
    return found


def warned(content: bytes) -> list[tuple[str, str]]:
    """Code and column of each warning."""
    return [(each["code"], each["column"]) for each in read(content)[0]["warnings"]]


def student(number: int = 1, **cells: object) -> list[object]:
    """A good row below HEADERS."""
    chosen = {
        "姓名": "张三",
        "证件号码": make_id_number(number),
        "手机号": "13800000000",
        "学校": "示范大学",
        "身份": "学生",
        "入学日期": "2024-09-01",
        "预计毕业日期": "2028-07-01",
    }
    return [{**chosen, **cells}[header] for header in HEADERS]


def workbook(change: Callable[[Workbook, Worksheet], object], rows: Sequence[Row], headers: Row = HEADERS) -> bytes:
    """An XLSX workbook of these rows, after `change`."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in [headers, *rows]:
        sheet.append(list(row))
    change(book, sheet)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()
