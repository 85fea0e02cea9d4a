"""The working-day calendar of a pack: what contradicts itself, and whether a day is a working day.

Not here: counting of limits in working days, which the services do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from cli.city.mistakes import Mistake, Remark, Words
from cli.city.schemas import CITY, WEEKDAYS

_ONE = dt.timedelta(days=1)


def days_of(holiday: Mapping[str, Any]) -> Iterator[dt.date]:
    """Every day of a holiday."""
    day = holiday["first_on"]
    while day <= holiday["last_on"]:
        yield day
        day += _ONE


def is_working_day(calendar: Mapping[str, Any], day: dt.date) -> bool:
    """Whether offices work on `day`: a make-up day, or no holiday and no weekend."""
    if any(day in year["make_up_days"] for year in calendar["years"]):
        return True
    off = any(one["first_on"] <= day <= one["last_on"] for year in calendar["years"] for one in year["holidays"])
    return not off and WEEKDAYS[day.weekday()] not in calendar["weekend"]


def mistakes(calendar: Mapping[str, Any]) -> Iterator[Mistake]:
    """Days listed twice, make-up days that are none, holidays that end before they begin, years without a notice."""
    seen: dict[dt.date, str] = {}
    years: set[int] = set()
    for number, year in enumerate(calendar["years"]):
        path = f"calendar.years[{number}]"
        if year["year"] in years:
            wrong = Words(f"{year['year']} 年写了两次。", f"The year {year['year']} is there twice.")
            yield Mistake(CITY, f"{path}.year", wrong, Words("请合并为一年。", "Make one of the two."))
        years.add(year["year"])
        yield from _of_notice(path, year)
        for index, holiday in enumerate(year["holidays"]):
            yield from _of_holiday(f"{path}.holidays[{index}]", year["year"], holiday, seen)
        for index, day in enumerate(year["make_up_days"]):
            yield from _of_make_up_day(f"{path}.make_up_days[{index}]", calendar["weekend"], day, seen)


def _of_notice(path: str, year: Mapping[str, Any]) -> Iterator[Mistake]:
    if year["announced"] and year["document"] is None:
        wrong = Words("没有写明通知。", "The notice is not named.")
        instead = Words('请写 document = "国办发明电…"。', 'Write document = "…", the number or title of the notice.')
        yield Mistake(CITY, f"{path}.document", wrong, instead)
    if not year["announced"]:
        if year["holidays"] or year["make_up_days"]:
            wrong = Words("通知尚未发布，不应有节假日或调休。", "There is no notice yet, so there can be no holidays.")
            instead = Words(
                "请写 announced = true 与文号，或删去。", "Write announced = true and the notice, or remove them."
            )
            yield Mistake(CITY, f"{path}.announced", wrong, instead)
        if year["note"] is None:
            instead = Words('请写 note = { zh = "…", en = "…" }。', 'Write note = { zh = "…", en = "…" }.')
            yield Mistake(CITY, f"{path}.note", Words("须说明为何没有。", "Say why there is none."), instead)


def _of_holiday(path: str, year: int, holiday: Mapping[str, Any], seen: dict[dt.date, str]) -> Iterator[Mistake]:
    first, last = holiday["first_on"], holiday["last_on"]
    if last < first:
        wrong = Words("结束早于开始。", "It ends before it begins.")
        yield Mistake(CITY, f"{path}.last_on", wrong, Words(f"请写 {first} 或之后。", f"Write {first} or later."))
    if year not in (first.year, last.year):
        wrong = Words(f"不在 {year} 年。", f"It is not in {year}.")
        instead = Words("请移到所属年份。", "Move it to its own year.")
        yield Mistake(CITY, f"{path}.first_on", wrong, instead)
    for day in days_of(holiday):
        yield from _seen(path, day, seen)


def _of_make_up_day(path: str, weekend: list[str], day: dt.date, seen: dict[dt.date, str]) -> Iterator[Mistake]:
    if WEEKDAYS[day.weekday()] not in weekend:
        wrong = Words(f"{day} 不是周末，本来就上班。", f"{day} is no weekend: offices work anyway.")
        yield Mistake(CITY, path, wrong, Words("请删去或改正日期。", "Remove it, or mend the day."))
    yield from _seen(path, day, seen)


def _seen(path: str, day: dt.date, seen: dict[dt.date, str]) -> Iterator[Mistake]:
    if day in seen and seen[day] != path:
        wrong = Words(f"{day} 已在 {seen[day]} 中。", f"{day} is in {seen[day]} already.")
        yield Mistake(CITY, path, wrong, Words("一天只写一处。", "Write a day in one place."))
    seen.setdefault(day, path)


def remarks(calendar: Mapping[str, Any]) -> Iterator[Remark]:
    """The years whose holidays are not announced."""
    for number, year in enumerate(calendar["years"]):
        if not year["announced"] and year["note"]:
            words = Words(f"{year['year']}：{year['note']['zh']}", f"{year['year']}: {year['note']['en']}")
            yield Remark(CITY, f"calendar.years[{number}]", words)
