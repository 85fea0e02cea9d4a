"""Any cell is a day, no day, or a reason; and a day is read the same however it is written."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chassis.imports import days
from chassis.imports.cells import Wrong
from chassis.imports.days import FIRST_DAY, LAST_DAY, as_typed, read_day, since_1900

DAYS = st.dates(FIRST_DAY, LAST_DAY - dt.timedelta(days=2))


@given(
    st.one_of(
        st.text(max_size=30),
        st.floats(),
        st.datetimes(),
        st.dates(),
        st.from_regex(
            r"[0-9]{4}[-/.年]?[0-9]{1,2}[-/.月]?[0-9]{0,2}[ T]?[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{4})?"
        ),
    ),
    st.booleans(),
)
def test_any_cell_is_a_day_or_says_why_not(cell: days.Cell, is_end: bool) -> None:
    codes = ("date_unreadable", "date_implausible", "date_ambiguous", "cell_error", "formula_without_value")
    assert outcome(cell, is_end=is_end) in ("day", *codes)


def outcome(cell: days.Cell, *, is_end: bool) -> str:
    """The code of what is wrong, or that nothing is."""
    try:
        day = read_day(cell, is_end=is_end).day
    except Wrong as wrong:
        return wrong.code
    return "day" if day is None or FIRST_DAY <= day < LAST_DAY else "a day out of range"


@example(FIRST_DAY, dt.timedelta(0))
@given(DAYS, st.timedeltas(dt.timedelta(0), dt.timedelta(hours=23, minutes=57)))
def test_a_day_is_one_however_it_is_written(day: dt.date, past: dt.timedelta) -> None:
    serial = (day - days.EPOCH.date()).days
    moment = dt.datetime.combine(day, dt.time()) + past
    spellings: list[days.Cell] = [
        *(day, moment, day.isoformat(), f"{day:%Y/%m/%d}", f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}日"),
        *(float(f"{day:%Y%m%d}"), moment.isoformat(" ", "seconds"), f"{(moment - days.SHANGHAI).isoformat()}Z"),
    ]
    if serial in days.SERIALS and serial > days.SERIALS.start:
        spellings += [serial + past / dt.timedelta(days=1), since_1900(float(serial - days.DAYS_TO_1904))]
    assert {read_day(cell).day for cell in spellings if cell is not None} == {day}


@given(DAYS)
def test_the_last_two_minutes_of_a_day_are_the_next_one_s(day: dt.date) -> None:
    for seconds in (1, 43, 120):
        near = dt.datetime.combine(day, dt.time()) + dt.timedelta(days=1, seconds=-seconds)
        for cell in (near, near.isoformat(), near.isoformat(" ")):
            assert read_day(cell) == (day + dt.timedelta(days=1), days.ROUNDED)


@pytest.mark.parametrize("year", range(1990, 2040))
def test_of_numbers_with_one_decimal_only_the_first_could_be_two_months(year: int) -> None:
    for month in range(2, 10):
        assert read_day(float(f"{year}.{month}")).day == dt.date(year, month, 1)
    for cell in (float(f"{year}.1"), as_typed(f"{year}.1")):
        with pytest.raises(Wrong) as found:
            read_day(cell)
        assert (found.value.code, "2024-10" in found.value.zh) == ("date_ambiguous", True)
    for text in (f"{year}.1", f"{year}.10"):
        assert read_day(text).inferred == days.MONTH_START
    assert read_day(as_typed(f"{year}.10")).day == dt.date(year, 10, 1)


@pytest.mark.parametrize(
    "cell", ["9999-12", "0001-01", "9999-12-31 99:99", "0001-01-01T00:00:00+14:00", dt.datetime.max, dt.date.min]
)
def test_the_ends_of_the_calendar_are_out_of_range(cell: days.Cell) -> None:
    assert {outcome(cell, is_end=is_end) for is_end in (False, True)} == {"date_implausible"}


def test_a_month_as_an_end_is_through_that_month() -> None:
    for month in range(1, 13):
        end = dt.date(2024 + month // 12, month % 12 + 1, 1)
        assert read_day(f"2024-{month}", is_end=True) == (end, days.MONTH_END)
        assert read_day(f"2024-{month:02d}-01", is_end=True) == (dt.date(2024, month, 1), None)
