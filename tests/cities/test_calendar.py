"""Working days by a pack's calendar, against the official notices of four years."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest

from cli.city.calendars import days_of, is_working_day
from cli.city.reading import read
from tests.cities.conftest import INVENTED, JINZHONG


@pytest.fixture(scope="module")
def calendar() -> dict[str, Any]:
    return dict(read(JINZHONG).loaded["city.toml"]["calendar"])


def days(first: str, last: str) -> list[dt.date]:
    start, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return [start + dt.timedelta(days=number) for number in range((end - start).days + 1)]


class TestWorkingDays:
    @pytest.mark.parametrize(
        ("first", "last", "worked"),
        [
            ("2023-09-28", "2023-10-09", ["2023-09-28", "2023-10-07", "2023-10-08", "2023-10-09"]),
            ("2024-02-03", "2024-02-19", ["2024-02-04", "2024-02-05", "2024-02-06", "2024-02-07", "2024-02-08",
                                          "2024-02-09", "2024-02-18", "2024-02-19"]),
            ("2025-01-25", "2025-02-08", ["2025-01-26", "2025-01-27", "2025-02-05", "2025-02-06", "2025-02-07",
                                          "2025-02-08"]),
            ("2026-09-19", "2026-09-28", ["2026-09-20", "2026-09-21", "2026-09-22", "2026-09-23", "2026-09-24",
                                          "2026-09-28"]),
        ],
    )  # fmt: skip
    def test_follow_holidays_and_make_up_days(
        self, calendar: dict[str, Any], first: str, last: str, worked: list[str]
    ) -> None:
        assert [str(day) for day in days(first, last) if is_working_day(calendar, day)] == worked

    def test_of_a_year_not_announced_are_all_but_weekends(self, calendar: dict[str, Any]) -> None:
        assert [is_working_day(calendar, day) for day in days("2027-01-01", "2027-01-04")] == [True, False, False, True]

    def test_of_another_city_follow_its_own_weekend(self) -> None:
        calendar = read(INVENTED).loaded["city.toml"]["calendar"]
        worked = [str(day) for day in days("2031-03-01", "2031-03-09") if is_working_day(calendar, day)]
        assert worked == ["2031-03-01", "2031-03-06", "2031-03-07", "2031-03-08", "2031-03-09"]


def test_holidays_have_the_length_the_notices_state(calendar: dict[str, Any]) -> None:
    """By year: 2023 stated 3, 7, 1, 5, 3 and 8 days; 2025 is the first year of the longer Spring Festival and Labour Day."""
    lengths = {
        year["year"]: [len([*days_of(one)]) for one in year["holidays"]]
        for year in calendar["years"]
        if year["announced"]
    }
    assert lengths == {
        2023: [3, 7, 1, 5, 3, 8],
        2024: [1, 8, 3, 5, 1, 3, 7],
        2025: [1, 8, 3, 5, 3, 8],
        2026: [3, 9, 3, 5, 3, 3, 7],
    }
    assert Counter(year["year"] for year in calendar["years"] for _ in year["make_up_days"]) == {
        2023: 7, 2024: 8, 2025: 5, 2026: 6,
    }  # fmt: skip
