"""Days in cells: dates, texts, serial numbers of a spreadsheet, months alone, instants; and what had to be inferred.

Never repeats what a cell holds. Standard library only.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

from chassis.imports.cells import Cell, Wrong, as_text

NO_DAY = ("", "-", "--", "/", "无", "长期", "长期有效", "无固定期限", "至今", "在职")
FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2100, 1, 1)
EPOCH = datetime(1899, 12, 30)
"""Day 0 of a spreadsheet (ECMA-376 part 1, 18.17.4.1), for days after February 1900."""
DAYS_TO_1904 = 1462
"""The workbooks of old Macintosh programs count from 1904-01-01."""
SERIALS = range(10_000, 80_000)
SHANGHAI = timedelta(hours=8)
"""Ahead of UTC."""
NEARLY = timedelta(minutes=2)
"""Programs that store local mean time miss midnight by up to 43 seconds (Shanghai was at +08:05:43 until 1901)."""

#: What was inferred of a cell.
MONTH_START, MONTH_END, SERIAL, ROUNDED, INSTANT = (
    "month_as_first_day",
    "month_as_last_month",
    "number_as_day",
    "day_from_last_minutes",
    "day_in_shanghai",
)

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})月?|(\d{2}))")
_MOMENT = re.compile(
    r"(?P<day>.*[0-9日])[ T]+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]+)?)?"
    r"\s*(?P<afternoon>[Pp]\.?[Mm]\.?)?\s*(?P<zone>Z|z|UTC|GMT|[+\-−][0-9]{2}(?::?[0-9]{2})?)?(?P<rest>.*)",
    re.DOTALL,
)


class Day(NamedTuple):
    """The day of a cell, None for an open one, and what had to be inferred to read it, None for nothing."""

    day: date | None
    inferred: str | None = None


def read_day(cell: Cell, *, is_end: bool = False) -> Day:
    """The day a cell means. Raises Wrong for what is no day, or could be two.

    `is_end`: the cell says when something ends, as the first day it is no more; a month alone then means through that month.
    """
    read = _read(cell, is_end=is_end)
    if read.day is not None and not FIRST_DAY <= read.day < LAST_DAY:
        raise Wrong("date_implausible", "日期超出合理范围。", "The date is out of range.")
    return read


def since_1900(cell: Cell) -> Cell:
    """A serial number of a workbook that counts from 1904, as one that counts from 1900; any other cell as it is."""
    is_number = isinstance(cell, (int, float)) and not isinstance(cell, bool)
    return cell + DAYS_TO_1904 if is_number and SERIALS.start < cell < SERIALS.stop else cell  # type: ignore[operator]


def as_typed(cell: Cell) -> Cell:
    """A text of a CSV file as the cell it was: 2024.1 is what spreadsheets write for 2024.10 typed as a number."""
    return float(cell) if isinstance(cell, str) and _is_ambiguous(cell) else cell


def _is_ambiguous(text: str) -> bool:
    return len(text) == 6 and text.endswith(".1") and text[:4].isdigit() and text.isascii()


def _read(cell: Cell, *, is_end: bool) -> Day:
    if isinstance(cell, datetime):
        return _of_moment(cell.replace(tzinfo=None))
    if isinstance(cell, date):
        return Day(cell)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if SERIALS.start < cell < SERIALS.stop:
            moment = _of_moment(EPOCH + timedelta(days=float(cell)))
            return Day(moment.day, moment.inferred or SERIAL)
        if isinstance(cell, float) and _is_ambiguous(str(cell)):
            zh = "形如 2024.1 的数字可能是 1 月，也可能是 10 月；请写作 2024-01 或 2024-10，或写明日期 2024-10-01。"
            en = "A number like 2024.1 may be January or October; write 2024-01 or 2024-10, or the day, 2024-10-01."
            raise Wrong("date_ambiguous", zh, en)
    return _of_text(as_text(cell), is_end=is_end)


def _of_text(text: str, *, is_end: bool) -> Day:
    if ":" in text and (moment := _MOMENT.fullmatch(text)) is not None:
        return _of_written_moment(moment)
    squeezed = "".join(text.split())
    if squeezed in NO_DAY:
        return Day(None)
    if (found := _DAY.fullmatch(squeezed)) is not None:
        return Day(_day(*[part for part in found.groups() if part is not None]))
    if (found := _MONTH.fullmatch(squeezed)) is None:
        raise _unreadable()
    first = _day(found[1], found[2] or found[3], "1")
    if not is_end or first >= LAST_DAY:
        return Day(first, MONTH_START)
    return Day((first + timedelta(days=31)).replace(day=1), MONTH_END)


def _of_written_moment(moment: re.Match[str]) -> Day:
    found = _DAY.fullmatch("".join(moment["day"].split()))
    if found is None:
        raise _unreadable()
    day = _day(*[part for part in found.groups() if part is not None])
    if not FIRST_DAY.year - 1 <= day.year <= LAST_DAY.year:
        return Day(day)
    hour, minute, second = (int(moment[part] or 0) for part in ("hour", "minute", "second"))
    hour += 12 if moment["afternoon"] and hour < 12 else 0
    at = datetime(day.year, day.month, day.day) + timedelta(hours=hour, minutes=minute, seconds=second)
    if (zone := moment["zone"]) is None:
        return _of_moment(at)
    offset = timedelta(0)
    if zone[0] in "+-−":
        digits = zone[1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0)) * (1 if zone[0] == "+" else -1)
    return Day(_of_moment(at - offset + SHANGHAI).day, INSTANT)


def _of_moment(moment: datetime) -> Day:
    """The day of a local time; the last two minutes before midnight are the next day's."""
    if moment > datetime.max - NEARLY:
        return Day(moment.date())
    day = (moment + NEARLY).date()
    return Day(day, ROUNDED if day != moment.date() else None)


def _day(year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise _unreadable() from error


def _unreadable() -> Wrong:
    zh, en = "日期无法识别，请写作 2023-09-01。", "The date cannot be read; write it as 2023-09-01."
    return Wrong("date_unreadable", zh, en)
