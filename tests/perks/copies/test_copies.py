"""perks' copy of talent's facts: the newest version stands, whatever comes when and how often."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chassis.ground.ids import uuid7
from contracts.language.envelope import Event
from tests.perks.conftest import City, merge_event, organisation_event, set_event
from tests.support.servers import truncate

ORGANISATION, PERSON, AFFILIATION, SURVIVOR = uuid7(), uuid7(), uuid7(), uuid7()

#: Each copied subject: its three versions as events, their handler, the query that reads the copy, and what it must find.
Versions = tuple[Callable[[City], list[Event]], Callable[[City], Callable[..., None]], str, list[Any]]
SUBJECTS: dict[str, Versions] = {
    "organisation": (
        lambda city: [
            organisation_event(ORGANISATION, version=n, kind=kind)
            for n, kind in enumerate(("venue", "enterprise", "university"), 1)
        ],
        lambda city: city.hear_organisations,
        "select version, kind from organisations",
        [(3, "university")],
    ),
    "set": (
        lambda city: [
            set_event("universities", n, [ORGANISATION] if n == 3 else [uuid7() for _ in range(n)]) for n in (1, 2, 3)
        ],
        lambda city: city.hear_sets,
        "select s.version, m.organisation_id from organisation_sets s join set_members m using (key)",
        [(3, ORGANISATION)],
    ),
    "affiliation": (
        lambda city: [
            city.affiliation(PERSON, ORGANISATION, affiliation_id=AFFILIATION, version=n, state=state)
            for n, state in enumerate(("reported", "confirmed", "ended"), 1)
        ],
        lambda city: city.hear,
        "select version, state from affiliations",
        [(3, "ended")],
    ),
    "merge": (
        lambda city: [merge_event(PERSON, into, version=n) for n, into in enumerate((uuid7(), None, SURVIVOR), 2)],
        lambda city: city.hear_merges,
        "select version, merged_into from merged_people",
        [(4, SURVIVOR)],
    ),
}


@pytest.mark.parametrize("subject", SUBJECTS)
class TestNewestVersion:
    def test_stands_whatever_the_order(self, city: City, subject: str) -> None:
        for order in itertools.permutations(range(3)):
            assert self._copy_after(city, subject, [[number] for number in order]) == SUBJECTS[subject][3]

    def test_stands_within_one_batch_and_over_repetitions(self, city: City, subject: str) -> None:
        for batches in ([[2, 0, 1]], [[0, 0, 1], [2, 1]], [[2], [2, 1, 0], [2]]):
            assert self._copy_after(city, subject, batches) == SUBJECTS[subject][3]

    def _copy_after(self, city: City, subject: str, batches: Sequence[Sequence[int]]) -> list[Any]:
        make, handler, query, _ = SUBJECTS[subject]
        truncate(
            city.engine, "organisations, organisation_sets, set_members, set_versions, affiliations, merged_people"
        )
        events = make(city)
        for batch in batches:
            handler(city)(*[events[number] for number in batch])
        return [tuple(row) for row in city.rows(query)]
