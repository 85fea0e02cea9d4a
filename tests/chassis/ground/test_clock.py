"""The clock is aware and in UTC; the day is Shanghai's."""

from __future__ import annotations

import datetime as dt

import pytest

from chassis.ground import clock


class TestNow:
    def test_is_an_aware_instant_in_utc(self) -> None:
        assert clock.now().utcoffset() == dt.timedelta(0)
        assert abs(clock.now() - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=5)

    def test_may_be_tried_ahead_of_time(self) -> None:
        try:
            clock.run_ahead(86_400)
            assert clock.now() - dt.datetime.now(dt.UTC) > dt.timedelta(hours=23)
        finally:
            clock.run_ahead(0)


class TestShanghaiDay:
    @pytest.mark.parametrize(
        ("instant", "day"),
        [
            ("2026-03-31T15:59:59+00:00", dt.date(2026, 3, 31)),
            ("2026-03-31T16:00:00+00:00", dt.date(2026, 4, 1)),
            ("2026-04-01T00:00:00+08:00", dt.date(2026, 4, 1)),
            ("2026-12-31T23:30:00-05:00", dt.date(2027, 1, 1)),
        ],
    )
    def test_turns_at_midnight_in_the_city(self, instant: str, day: dt.date) -> None:
        assert clock.shanghai_day(dt.datetime.fromisoformat(instant)) == day
