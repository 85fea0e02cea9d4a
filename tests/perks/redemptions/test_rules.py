"""The law of the gate, without a database."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.perks.redemptions import rules as law
from services.perks.rules import periods
from tests.perks.conftest import NOW, SCAN_TIMES

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))


class TestRefusal:
    def test_admits_when_everything_holds(self) -> None:
        assert law.refusal_of(law.ScanFacts("active", True, True, True)) is None

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            (("suspended", False, False, False), "perks.scheme_not_valid"),
            (("suspended", True, False, False), "perks.entitlement_suspended"),
            (("active", True, False, False), "perks.not_eligible_now"),
            (("active", True, True, False), "perks.place_not_served"),
        ],
    )
    def test_names_the_first_thing_wrong(self, facts: tuple[str, bool, bool, bool], code: str) -> None:
        assert law.refusal_of(law.ScanFacts(*facts)) == code

    @given(st.sampled_from(["active", "suspended"]), st.booleans(), st.booleans(), st.booleans())
    def test_admits_in_no_other_case(self, state: str, scheme: bool, facts: bool, place: bool) -> None:
        is_fine = state == "active" and scheme and facts and place
        assert (law.refusal_of(law.ScanFacts(state, scheme, facts, place)) is None) is is_fine


class TestWindows:
    @given(st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)))
    def test_the_limit_of_a_day_names_the_day_and_no_window_is_for_ever(self, at: dt.datetime) -> None:
        assert law.window_of("shanghai_day", at.date()) == at.date().isoformat()
        assert law.window_of("none", at.date()) == "ever"

    def test_the_limit_counts_by_place_or_by_scheme(self) -> None:
        assert (law.scope_of("place", "p1"), law.scope_of("scheme", "p1")) == ("p1", "scheme")

    @given(st.timedeltas(dt.timedelta(days=-20), dt.timedelta(days=20)))
    def test_a_scan_is_plausible_between_kept_and_ahead(self, off: dt.timedelta) -> None:
        is_within = -SCAN_TIMES.kept <= off <= SCAN_TIMES.ahead
        assert SCAN_TIMES.allow(NOW + off, now=NOW) is is_within


class TestPeriods:
    @given(DAYS, st.none() | DAYS, DAYS)
    def test_hold_from_their_first_day_and_not_on_their_last(
        self, start: dt.date, end: dt.date | None, day: dt.date
    ) -> None:
        assert periods.holds(start, end, day) is (day >= start and (end is None or day < end))

    @given(st.lists(st.none() | DAYS), DAYS)
    def test_nothing_changes_before_the_next_boundary(self, days: list[dt.date | None], today: dt.date) -> None:
        found = periods.next_boundary(days, today)
        later = [day for day in days if day is not None and day > today]
        assert found == (min(later) if later else None)
