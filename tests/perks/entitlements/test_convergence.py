"""Whatever the order, duplication or split of the same facts, they end in the same entitlements.

Held against the plainest reading of the facts there is: no versions, no batches, no dates waited for.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.ground.ids import uuid7
from contracts.language.envelope import Event
from tests.perks.conftest import CLAUSE, NOW, SCHEME, City, organisation_event, set_event
from tests.support.servers import truncate

TABLES = (
    "people, organisations, affiliations, entitlements, schemes, scheme_relations, organisation_sets, set_members,"
    " set_versions, evaluation_runs, outbox, history"
)
KIND = "affiliations.exists(a, a.current && a.organisation_kind == 'university')"
CLAUSES = [
    {**SCHEME["clauses"][0], "id": "member", "expr": CLAUSE},
    {**SCHEME["clauses"][0], "id": "kind", "expr": KIND},
]
LATER = NOW + dt.timedelta(days=60)


@dataclass(frozen=True)
class Story:
    """One affiliation from its first version to its last."""

    person: int
    university: int
    role: str
    states: list[str]
    until_on: str | None


STORIES = st.lists(
    st.builds(
        Story,
        person=st.integers(0, 2),
        university=st.integers(0, 2),
        role=st.sampled_from(["student", "staff", "volunteer"]),
        states=st.lists(st.sampled_from(["reported", "confirmed", "ended"]), min_size=1, max_size=3),
        until_on=st.sampled_from([None, "2026-01-01", "2026-12-24"]),
    ),
    min_size=1,
    max_size=5,
)


class Facts:
    """The facts of one example as events, and what by the plainest reading follows from them."""

    def __init__(self, city: City, stories: list[Story], kinds: list[list[str]]) -> None:
        self.people, self.universities = [uuid7() for _ in range(3)], [uuid7() for _ in range(3)]
        self.kinds = {who: names[-1] for who, names in zip(self.universities, kinds, strict=True)}
        #: the second version of the set lets the second university in and the first one out
        self.members = [self.universities[:1], self.universities[1:2]]
        self.last: list[dict[str, Any]] = []
        affiliations = [event for story in stories for event in self._affiliation_events(city, story)]
        organisations = [
            organisation_event(who, version=version, kind=kind)
            for who, names in zip(self.universities, kinds, strict=True)
            for version, kind in enumerate(names, 1)
        ]
        sets = [set_event("universities", version, members) for version, members in enumerate(self.members, 1)]
        self.events: list[Event] = affiliations + organisations + sets

    def _affiliation_events(self, city: City, story: Story) -> list[Event]:
        affiliation, events = uuid7(), []
        for version, state in enumerate(story.states, 1):
            until_on = "2026-11-01" if state == "ended" else story.until_on
            about = {"version": version, "role": story.role, "state": state, "until_on": until_on}
            person, university = self.people[story.person], self.universities[story.university]
            events.append(city.affiliation(person, university, affiliation_id=affiliation, **about))
        self.last.append(events[-1].data)
        return events

    def met(self, person: UUID, day: dt.date) -> dict[str, bool]:
        """Each clause, as it would be read aloud."""
        mine = [
            one
            for one in self.last
            if one["person_id"] == str(person)
            and one["state"] == "confirmed"
            and (one["until_on"] is None or day.isoformat() < one["until_on"])
        ]
        inside = [one for one in mine if UUID(one["organisation_id"]) in self.members[-1]]
        return {
            "member": any(one["role"] in ("student", "staff") for one in inside),
            "kind": any(self.kinds[UUID(one["organisation_id"])] == "university" for one in mine),
        }

    def seen(self, person: UUID) -> set[tuple[str, int]]:
        """Each affiliation of the person in its last version."""
        return {(one["affiliation_id"], one["version"]) for one in self.last if one["person_id"] == str(person)}


def _tell(city: City, batch: list[Event]) -> None:
    """One delivery: each handler gets its own events of it."""
    by_handler = {"affiliation": city.hear, "organisation": city.hear_organisations, "organisation_set": city.hear_sets}
    for subject, handler in by_handler.items():
        if mine := [event for event in batch if event.type.split(".")[1] == subject]:
            handler(*mine)


def _check(city: City, facts: Facts, day: dt.date) -> None:
    rows = {row.person_id: row for row in city.rows("select * from entitlements")}
    entitled = {person for person in facts.people if all(facts.met(person, day).values())}
    assert {person for person, row in rows.items() if row.state == "active"} == entitled
    for person, row in rows.items():
        assert {reason["clause"]: reason["met"] for reason in row.reasons} == facts.met(person, day)
        assert {(fact["affiliation_id"], fact["version"]) for fact in row.facts} == facts.seen(person)
        assert row.scheme_version == 2


class TestOrder:
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        stories=STORIES,
        kinds=st.lists(
            st.lists(st.sampled_from(["university", "venue"]), min_size=1, max_size=2), min_size=3, max_size=3
        ),
        data=st.data(),
    )
    def test_any_order_duplication_and_split_ends_in_the_same_entitlements(
        self, city: City, stories: list[Story], kinds: list[list[str]], data: st.DataObject
    ) -> None:
        truncate(city.engine, TABLES)
        facts = Facts(city, stories, kinds)
        repeated = data.draw(st.lists(st.sampled_from(facts.events), max_size=4), label="repeated")
        waiting = data.draw(st.permutations(facts.events + repeated), label="order")
        # the scheme is published twice in between, and timers run when they like
        publish_at = sorted(data.draw(st.tuples(st.integers(0, 8), st.integers(0, 8)), label="published"))
        versions, step = [None, 1], 0
        while waiting or versions:
            while versions and (step >= publish_at[-len(versions)] or not waiting):
                version = versions.pop(0)
                city.publish_scheme(version, clauses=CLAUSES if version else CLAUSES[:1])
            size = data.draw(st.integers(1, max(len(waiting), 1)), label="batch")
            _tell(city, waiting[:size])
            waiting, step = waiting[size:], step + 1
            if data.draw(st.booleans(), label="timers run"):
                city.settle()
        city.settle()
        _check(city, facts, NOW.date())
        city.settle(now=LATER)
        _check(city, facts, LATER.date())
