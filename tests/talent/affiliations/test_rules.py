"""The law of affiliations by itself: what a claim does to what is known."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.vocabulary import CONFIRMED, ENDED, REPORTED
from services.talent.affiliations import rules as law
from services.talent.affiliations.rules import Claim, Effect, Held, check_claim, decide
from services.talent.rules.periods import any_overlap
from services.talent.rules.verdicts import row_verdict

TODAY = dt.date(2026, 11, 23)
days = st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))


def day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def claim(from_on: str, until_on: str | None = None, state: str | None = None) -> Claim:
    return Claim(dt.date.fromisoformat(from_on), day(until_on), state)


def held(state: str, from_on: str, until_on: str | None = None) -> Held:
    return Held(state, dt.date.fromisoformat(from_on), day(until_on))


def effect(known: list[Held], claimed: Claim, *, trusted: bool) -> tuple[Effect, int | None]:
    decision = decide(known, claimed, may_confirm=trusted, today=TODAY)
    return decision.effect, decision.position


class TestDecide:
    @pytest.mark.parametrize(
        ("known", "claimed", "trusted", "expected"),
        [
            ([], claim("2025-09-01"), True, (Effect.CREATE, None)),
            # the same again
            ([held(CONFIRMED, "2025-09-01")], claim("2025-09-01"), True, (Effect.AGREE, 0)),
            ([held(REPORTED, "2025-09-01")], claim("2025-09-01"), False, (Effect.AGREE, 0)),
            ([held(REPORTED, "2025-09-01")], claim("2025-09-01"), True, (Effect.CONFIRM, 0)),
            ([held(REPORTED, "2025-09-01")], claim("2025-09-01", state=REPORTED), True, (Effect.AGREE, 0)),
            ([held(ENDED, "2023-09-01", "2025-07-01")], claim("2023-09-01", "2025-07-01"), True, (Effect.AGREE, 0)),
            # something else
            ([held(CONFIRMED, "2025-09-01")], claim("2025-09-01", "2029-07-01"), True, (Effect.DIFFER, 0)),
            ([held(CONFIRMED, "2025-09-01", "2029-07-01")], claim("2025-09-01"), False, (Effect.DIFFER, 0)),
            ([held(CONFIRMED, "2025-09-01")], claim("2025-10-01"), True, (Effect.DIFFER, 0)),
            ([held(ENDED, "2025-09-01", "2026-01-01")], claim("2025-09-01"), True, (Effect.DIFFER, 0)),
            # the organisation's own word ends it, another's does not
            ([held(CONFIRMED, "2025-09-01")], claim("2025-09-01", "2026-11-23"), True, (Effect.END, 0)),
            ([held(CONFIRMED, "2025-09-01")], claim("2025-09-01", "2026-11-23"), False, (Effect.DIFFER, 0)),
            ([held(CONFIRMED, "2025-09-01")], claim("2025-09-01", "2026-11-24"), True, (Effect.DIFFER, 0)),
            # earlier and later periods
            ([held(CONFIRMED, "2025-09-01")], claim("2021-09-01", "2025-07-01"), False, (Effect.CREATE, None)),
            ([held(CONFIRMED, "2025-09-01")], claim("2021-09-01", "2025-10-01"), True, (Effect.DIFFER, 0)),
            ([held(ENDED, "2021-09-01", "2025-07-01")], claim("2025-09-01"), False, (Effect.CREATE, None)),
            ([held(CONFIRMED, "2021-09-01", "2025-07-01")], claim("2025-09-01"), False, (Effect.CREATE, 0)),
            ([held(CONFIRMED, "2021-09-01", "2027-07-01")], claim("2027-09-01"), True, (Effect.DIFFER, 0)),
        ],
    )
    def test_does_what_the_law_says(
        self, known: list[Held], claimed: Claim, trusted: bool, expected: tuple[Effect, int | None]
    ) -> None:
        assert effect(known, claimed, trusted=trusted) == expected

    @given(st.lists(st.tuples(days, st.none() | days, st.booleans()), max_size=12))
    def test_keeps_at_most_one_open_and_one_of_each_start(
        self, claims: list[tuple[dt.date, dt.date | None, bool]]
    ) -> None:
        known: list[Held] = []
        for from_on, until_on, trusted in claims:
            claimed = Claim(from_on, until_on)
            if check_claim(claimed, today=TODAY):
                continue
            decision = decide(known, claimed, may_confirm=trusted, today=TODAY)
            self.apply(known, claimed, decision, trusted)
            assert sum(each.is_open for each in known) <= 1
            assert len({each.from_on for each in known}) == len(known)
            once_more = decide(known, claimed, may_confirm=trusted, today=TODAY)
            assert once_more.effect in (Effect.AGREE, Effect.DIFFER)

    def apply(self, known: list[Held], claimed: Claim, decision: law.Decision, trusted: bool) -> None:
        met = known[decision.position] if decision.position is not None else None
        if met is not None and decision.effect in (Effect.CREATE, Effect.END):
            until_on = claimed.until_on if decision.effect is Effect.END else met.until_on
            known[known.index(met)] = Held(ENDED, met.from_on, until_on)
        if met is not None and decision.effect is Effect.CONFIRM:
            known[known.index(met)] = Held(CONFIRMED, met.from_on, met.until_on)
        if decision.effect is Effect.CREATE:
            path = law.path_of_new(claimed, may_confirm=trusted, today=TODAY)
            known.append(Held(path[-1], claimed.from_on, claimed.until_on))

    def test_a_past_period_is_recorded_as_ended(self) -> None:
        claimed = claim("2020-09-01", "2024-07-01")
        assert law.path_of_new(claimed, may_confirm=True, today=TODAY) == (CONFIRMED, ENDED)
        assert law.path_of_new(claimed, may_confirm=False, today=TODAY) == (REPORTED, ENDED)


class TestCheckClaim:
    @pytest.mark.parametrize(
        ("claimed", "codes"),
        [
            (claim("2026-09-01", "2026-09-01"), ["period_ends_before_it_begins"]),
            (claim("2026-09-01", state=ENDED), ["end_missing"]),
            (claim("2026-09-01", "2027-09-01", ENDED), ["end_missing"]),
            (claim("2027-09-01", "2028-09-01"), []),
            (claim("2020-09-01", "2021-09-01", ENDED), []),
        ],
    )
    def test_finds_everything_wrong(self, claimed: Claim, codes: list[str]) -> None:
        assert [violation.code for violation in check_claim(claimed, today=TODAY)] == codes


class TestVerdicts:
    def test_a_row_is_as_bad_as_its_worst_part(self) -> None:
        assert row_verdict(["accepted", "rejected"]) == "rejected"
        assert row_verdict(["differs", "accepted"]) == "differs"
        assert row_verdict(["unchanged", "accepted"]) == "accepted"
        assert row_verdict(["unchanged", "unchanged"]) == "unchanged"


class TestPeriods:
    @given(st.lists(st.tuples(days, st.none() | days), max_size=6))
    def test_overlap_means_a_shared_day(self, periods: list[tuple[dt.date, dt.date | None]]) -> None:
        proper = [(start, end) for start, end in periods if end is None or end > start]
        last = dt.date(2031, 1, 1)
        spans = [range(start.toordinal(), (end or last).toordinal()) for start, end in proper]
        shared = any(
            max(one.start, other.start) < min(one.stop, other.stop)
            for index, one in enumerate(spans)
            for other in spans[index + 1 :]
        )
        assert any_overlap(proper) == shared
