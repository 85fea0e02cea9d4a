"""Cells of a spreadsheet as values: texts, days, and what is wrong with a cell that is neither.

Never repeats what a cell holds: a refusal names the rule. Standard library only.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta

Cell = str | int | float | bool | date | datetime | timedelta | None

NO_DATE = ("", "-", "--", "/", "无", "长期", "长期有效", "无固定期限", "至今", "在职")
FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2100, 1, 1)
EXCEL_EPOCH = date(1899, 12, 30)
LARGEST_EXACT = 10**15
"""Excel keeps 15 digits of a number: an ID number typed as one has lost its last digits."""

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_MONTH = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})月?|(\d{2}))")
_TIME_OF_DAY = re.compile(r"(?<=[0-9日])[ T]+[0-9]{1,2}:[0-9]{2}.*")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")


class Wrong(Exception):
    """A cell breaks a rule. Raised while a row is read, and caught by its reader."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.code, self.zh, self.en = code, zh, en


def plain(text: str) -> str:
    """The text as it was meant: full-width forms made half-width, invisible characters and outer blanks removed."""
    shown = unicodedata.normalize("NFKC", text)
    kept = "".join(ch if unicodedata.category(ch) not in ("Cf", "Cc") or ch.isspace() else "" for ch in shown)
    return kept.strip()


def as_text(cell: Cell) -> str:
    """A cell as people read it; a whole number without a point."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < LARGEST_EXACT:
        return str(int(cell))
    text = plain(str(cell))
    # the apostrophe our own annotated workbooks put in front of what could be run as a formula
    return text[1:] if text.startswith(("'=", "'+", "'-", "'@")) else text


def required(cell: Cell) -> str:
    text = as_text(cell)
    if not text:
        raise Wrong("required", "必填。", "Required.")
    return text


def read_day(cell: Cell) -> date | None:
    day = _day_of(cell)
    if day is not None and not FIRST_DAY <= day < LAST_DAY:
        raise Wrong("date_implausible", "日期超出合理范围。", "The date is out of range.")
    return day


def _day_of(cell: Cell) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and 10_000 < cell < 80_000:
        return EXCEL_EPOCH + timedelta(days=int(cell))
    text = "".join(_TIME_OF_DAY.sub("", as_text(cell)).split())
    if text in NO_DATE:
        return None
    found = _DAY.fullmatch(text) or _DIGITS.fullmatch(text)
    month = _MONTH.fullmatch(text)
    try:
        if found is not None:
            return date(int(found[1]), int(found[2]), int(found[3]))
        if month is not None:
            return date(int(month[1]), int(month[2] or month[3]), 1)
    except ValueError:
        pass
    raise Wrong(
        "date_unreadable", "日期无法识别，请写作 2023-09-01。", "The date cannot be read; write it as 2023-09-01."
    )
