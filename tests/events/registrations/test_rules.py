"""The law of a seat that comes free, and of whom an activity is open to."""

from __future__ import annotations

import datetime as dt

import pytest

from services.events.registrations.rules import is_open_to, is_still_offered, promotion_of

NOW = dt.datetime(2026, 11, 23, 4, 0, tzinfo=dt.UTC)
STUDENT = {"role": "student", "organisation_kind": "university", "organisation_id": "a"}


class TestSeatThatComesFree:
    def test_is_given_at_once_where_the_activity_promotes(self) -> None:
        assert promotion_of("automatic", offer_hours=24, starts_at=NOW + dt.timedelta(days=9), now=NOW) == (
            "confirmed",
            None,
        )

    def test_is_offered_for_as_long_as_the_activity_says(self) -> None:
        found = promotion_of("offer", offer_hours=24, starts_at=NOW + dt.timedelta(days=9), now=NOW)
        assert found == ("offered", NOW + dt.timedelta(hours=24))

    def test_is_offered_no_longer_than_until_the_session_begins(self) -> None:
        soon = NOW + dt.timedelta(hours=2)
        assert promotion_of("offer", offer_hours=24, starts_at=soon, now=NOW) == ("offered", soon)
        assert promotion_of("offer", offer_hours=24, starts_at=NOW, now=NOW) == ("confirmed", None)

    def test_an_offer_ends_at_its_hour(self) -> None:
        assert is_still_offered(NOW, NOW - dt.timedelta(seconds=1))
        assert not is_still_offered(NOW, NOW)
        assert not is_still_offered(None, NOW)


class TestWhoMayCome:
    @pytest.mark.parametrize(
        ("rules", "is_open"),
        [
            (None, True),
            ([{"role": "student"}], True),
            ([{"role": "staff"}], False),
            ([{"role": "staff"}, {"organisation_kind": "university"}], True),
            ([{"role": "student", "organisation_id": "b"}], False),
            ([{"role": "student", "organisation_kind": "university", "organisation_id": "a"}], True),
        ],
    )
    def test_one_affiliation_must_fit_all_that_one_rule_names(
        self, rules: list[dict[str, str]] | None, is_open: bool
    ) -> None:
        assert is_open_to(rules, [STUDENT]) is is_open

    def test_without_an_affiliation_nobody_fits_a_rule(self) -> None:
        assert is_open_to(None, []) and not is_open_to([{"role": "student"}], [])
