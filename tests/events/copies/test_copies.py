"""events' copy of talent's facts: the newest version stands, whatever comes when and how often, and can be compared."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chassis.ground.ids import uuid7
from chassis.rebuilding.republish import Page
from chassis.store.work import open_reading
from contracts.language.envelope import Event
from services.events import copies
from tests.events.conftest import Town
from tests.support.facts import event
from tests.support.servers import truncate

ORGANISATION, PERSON, OTHER, AFFILIATION = uuid7(), uuid7(), uuid7(), uuid7()


def organisation(version: int) -> Event:
    data = {"organisation_id": str(ORGANISATION), "kind": ("venue", "enterprise", "university")[version - 1]}
    return event("talent.organisation.changed.v1", ORGANISATION, version, {**data, "status": "active"})


def person(version: int) -> Event:
    kind, merged_into = (("registered", None), ("merged", str(OTHER)), ("unmerged", None))[version - 1]
    data = {"person_id": str(PERSON), "version": version, "merged_into": merged_into}
    return event(f"talent.person.{kind}.v1", PERSON, version, data)


def affiliation(version: int) -> Event:
    ids = {"affiliation_id": AFFILIATION, "person_id": PERSON, "organisation_id": ORGANISATION}
    state = ("reported", "confirmed", "ended")[version - 1]
    data = {**{name: str(value) for name, value in ids.items()}, "role": "student", "state": state}
    return event(
        f"talent.affiliation.{state}.v1",
        AFFILIATION,
        version,
        {**data, "from_on": "2024-09-01", "until_on": "2026-11-01"},
    )


#: Each copied subject: its versions, who applies them, and what the copy says in the end.
SUBJECTS: dict[str, tuple[Callable[[int], Event], Callable[..., None], dict[str, Any]]] = {
    "organisation": (organisation, copies.organisations.apply, {"kind": "university", "status": "active"}),
    "person": (person, copies.people.apply, {"merged_into": None}),
    "affiliation": (
        affiliation,
        copies.affiliations.apply,
        {
            "person_id": str(PERSON),
            "organisation_id": str(ORGANISATION),
            "role": "student",
            "state": "ended",
            "from_on": "2024-09-01",
            "until_on": "2026-11-01",
        },
    ),
}


@pytest.mark.parametrize("subject", SUBJECTS)
class TestNewestVersion:
    def test_stands_whatever_the_order(self, town: Town, subject: str) -> None:
        for order in itertools.permutations((1, 2, 3)):
            self._check(town, subject, [[number] for number in order])

    def test_stands_within_one_batch_and_over_repetitions(self, town: Town, subject: str) -> None:
        for batches in ([[3, 1, 2]], [[1, 1, 2], [3, 2]], [[3], [3, 2, 1], [3]]):
            self._check(town, subject, batches)

    def _check(self, town: Town, subject: str, batches: Sequence[Sequence[int]]) -> None:
        make, apply, expected = SUBJECTS[subject]
        truncate(town.engine, "organisations, people, affiliations")
        for batch in batches:
            with town.work() as work:
                apply(work, [make(version) for version in batch])
        with open_reading(town.engine) as work:
            (held,) = copies.COPIES[subject].read(work.session, Page())
        assert (held.version, held.data) == (3, expected)
