"""The annotated workbook: the department's own columns, and beside each row what became of it. Child process only.

Every cell is written as text, so an ID number stays what it is and nothing is calculated when the workbook is opened.
A text a spreadsheet program could take for a formula when the sheet is saved as CSV gets an apostrophe in front.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Sequence
from datetime import date, datetime

import xlsxwriter

from chassis.imports.cells import FORMULA_STARTS, LONGEST_CELL, Cell, written
from chassis.imports.headers import find_header_row
from chassis.imports.kinds import Column
from chassis.imports.tabular import Table

VERDICTS = {
    "accepted": ("已接收", "accepted"),
    "unchanged": ("无变化", "unchanged"),
    "differs": ("与已有记录不一致", "differs"),
    "rejected": ("未接收", "rejected"),
}

codecs.lookup("utf-16-le")  # xlsxwriter encodes by it; loaded here, while this process still may


def annotate(table: Table, verdicts: dict[str, list[str]], columns: Sequence[Column], *, is_trial: bool) -> bytes:
    """The workbook as bytes. `verdicts`: row number (as text) → [verdict, reasons in Chinese, reasons in English]."""
    target = io.BytesIO()
    workbook = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = workbook.add_worksheet("名单" if not is_trial else "试运行")
    text, head = workbook.add_format({"num_format": "@"}), workbook.add_format({"bold": True, "num_format": "@"})
    bad = workbook.add_format({"num_format": "@", "bg_color": "#F8D7DA"})
    width = max(len(row) for row in table.rows)
    header = find_header_row(table.rows, columns)
    for index, row in enumerate(table.rows):
        for position, cell in enumerate(row):
            if cell not in ("", None):
                sheet.write_string(index, position, neutralised(shown(cell)), text)
        verdict = verdicts.get(str(index + 1))
        if header is not None and index == header.index:
            for position, title in enumerate(titles(is_trial=is_trial)):
                sheet.write_string(index, width + position, title, head)
        elif verdict is not None:
            zh, en = VERDICTS[verdict[0]]
            for position, note in enumerate((zh, verdict[1], en, verdict[2])):
                sheet.write_string(index, width + position, note, bad if verdict[0] == "rejected" else text)
    sheet.set_column(0, width + 3, 20)
    workbook.close()
    return target.getvalue()


def titles(*, is_trial: bool) -> tuple[str, str, str, str]:
    """The headers of the four columns that are added."""
    return ("试运行结果" if is_trial else "结果", "原因", "dry run result" if is_trial else "result", "reason")


def neutralised(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet program might run it."""
    return ("'" + text if text.startswith(FORMULA_STARTS) else text)[:LONGEST_CELL]


def shown(cell: Cell) -> str:
    """A cell as text: dates as ISO 8601, whole numbers without a point."""
    if isinstance(cell, datetime) and (cell.hour, cell.minute, cell.second) == (0, 0, 0):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else written(cell)
