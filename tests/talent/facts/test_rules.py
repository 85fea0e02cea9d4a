"""The law of facts: periods that follow one another, the same in any order of the same reports."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.talent.facts.rules import (
    Held,
    Kind,
    announced,
    check_change,
    check_kind,
    cut_short,
    months_after,
    reported,
)

TODAY = dt.date(2026, 11, 23)
FIRST = dt.date(2026, 1, 1)


def kind(**changes: Any) -> Kind:
    about = {"key": "insured", "name": {}, "programme": "p", "declared": [], "confirmed_by": ["a"], "version": 1}
    return Kind(**{"holds_months": None, **about, **changes})


def field(key: str, type: str) -> dict[str, Any]:
    return {"key": key, "type": type}


def made_of(reports: list[tuple[int, int | None]], holds_months: int | None) -> list[Held]:
    """The facts that reports make, each of the day a fact begins and for how long it is to hold."""
    facts: list[Held] = []
    for begins, lasts in reports:
        from_on = FIRST + dt.timedelta(days=begins)
        end = None if lasts is None else from_on + dt.timedelta(days=lasts)
        after = reported(facts, kind(holds_months=holds_months), from_on=from_on, until_on=end, values={}, today=TODAY)
        others = [one for one in facts if one.from_on != from_on]
        facts = [cut_short(one, by=from_on, today=TODAY) or one for one in others] + [after]
    return sorted(facts, key=lambda one: one.from_on)


DAYS = st.integers(min_value=0, max_value=300)
REPORTS = st.lists(
    st.tuples(DAYS, st.none() | st.integers(min_value=1, max_value=900)), unique_by=lambda one: one[0], max_size=5
)


@given(REPORTS, st.none() | st.integers(min_value=1, max_value=30), st.data())
def test_any_order_and_duplication_of_the_same_reports_makes_the_same_facts(
    reports: list[tuple[int, int | None]], holds_months: int | None, data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(reports), max_size=3)) if reports else []
    facts = made_of(reports, holds_months)
    assert made_of(data.draw(st.permutations(reports + again)), holds_months) == facts
    assert sum(one.state == "confirmed" for one in facts) <= 1
    for earlier, later in itertools.pairwise(facts):
        assert earlier.until_on is not None and earlier.until_on <= later.from_on


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [("2026-01-15", 12, "2027-01-15"), ("2024-02-29", 12, "2025-03-01"), ("2026-12-31", 2, "2027-03-01")],
)
def test_months_are_counted_by_the_calendar(day: str, months: int, after: str) -> None:
    assert months_after(dt.date.fromisoformat(day), months).isoformat() == after


def test_a_kind_names_no_other_person_and_keeps_the_types_in_use() -> None:
    declared = [field("year", "number"), field("year", "text"), field("parent", "person")]
    wrong = check_kind(kind(declared=declared, confirmed_by=["a", "a"]))
    assert [one.code for one in wrong] == ["name_taken", "person_in_fact", "duplicate"]
    before, after = kind(declared=[field("year", "number")]), kind(declared=[field("year", "text")])
    assert check_change(before, after, []) == []
    assert [one.code for one in check_change(before, after, ["year"])] == ["field_stays"]
    assert [one.code for one in check_change(before, kind(), ["year"])] == ["field_stays"]


def test_an_event_carries_no_text_no_person_and_no_organisation() -> None:
    types = ["text", "organisation", "choice", "yes_no", "number", "day", "month", "county", "money"]
    values = dict.fromkeys(types, "x") | {"undeclared": "x"}
    assert list(announced([field(one, one) for one in types], values)) == types[2:]
