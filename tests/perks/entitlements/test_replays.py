"""Facts sent again: what they cause is a replay too, decided when all are in, and never mixed with what is new."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from uuid import UUID

from chassis.ground.ids import uuid7
from chassis.store.work import open_work
from contracts.language.envelope import Event
from services.perks.entitlements import evaluation, triggers
from tests.perks.conftest import CLAUSE, NOW, SCHEME, City, organisation_event, set_event
from tests.support.servers import truncate

NOT_STAFF = {
    **SCHEME["clauses"][0],
    "id": "not_staff",
    "expr": "!affiliations.exists(a, a.current && a.role == 'staff')",
}


def hear_again(city: City, *events: Event) -> None:
    """As the handler does with a replayed batch."""
    again = [replace(event, id=uuid7(), replay=True) for event in events]
    with open_work(city.engine, now=NOW, replay=True) as work:
        apply = {
            "affiliation": triggers.affiliations_changed,
            "organisation_set": triggers.sets_published,
            "organisation": triggers.organisations_changed,
        }[events[0].type.split(".")[1]]
        apply(work, again)


def announced(city: City) -> list[tuple[str, bool]]:
    """What was announced of entitlements, in order: which, and whether as a replay."""
    bodies = city.rows("select body from outbox where type like 'perks.entitlement.%' order by created_at, id")
    events = [json.loads(row.body) for row in bodies]
    return [(event["type"].split(".")[2], event.get("replay", False)) for event in events]


def open_runs(city: City) -> list[bool]:
    """Of each open run whether it is of a replay."""
    return [row.replay for row in city.rows("select replay from evaluation_runs where finished_at is null order by id")]


def empty(city: City) -> None:
    truncate(city.engine, "organisations, organisation_sets, set_members, affiliations, people, evaluation_runs")


def student(city: City) -> tuple[UUID, UUID, Event]:
    person, university = uuid7(), city.organisation()
    city.publish_set("universities", 1, [university])
    city.publish_scheme()
    city.settle()
    return person, university, city.affiliation(person, university)


class TestFactsSentAgain:
    def test_are_decided_later_and_announced_as_a_replay(self, city: City) -> None:
        person, _, enrolled = student(city)
        hear_again(city, enrolled)
        assert city.states() == {}
        assert open_runs(city) == [True]
        city.settle()
        assert city.states() == {person: "active"}
        assert announced(city) == [("granted", True)]

    def test_share_one_run_until_it_begins(self, city: City) -> None:
        _, university, enrolled = student(city)
        hear_again(city, enrolled)
        for _ in range(3):
            hear_again(city, city.affiliation(uuid7(), university))
        assert open_runs(city) == [True]
        with city.work() as work:
            evaluation.run_chunk(work)
        late = uuid7()
        hear_again(city, city.affiliation(late, university))
        assert open_runs(city) == [True, True], "the run under way may have passed by"
        city.settle()
        assert city.states()[late] == "active"

    def test_suspend_nothing_while_only_half_are_in(self, city: City) -> None:
        person, university, enrolled = student(city)
        venue = city.organisation("venue")
        other = city.affiliation(person, venue, role="volunteer")
        city.hear(enrolled, other)
        versions = city.rows("select id, version from entitlements")
        history = city.count("select count(*) from history")
        empty(city)
        hear_again(city, other)
        hear_again(city, enrolled)
        hear_again(city, organisation_event(university), organisation_event(venue, kind="venue"))
        hear_again(city, set_event("universities", 1, [university]))
        city.settle()
        assert city.rows("select id, version from entitlements") == versions
        assert announced(city) == [("granted", False)]
        assert city.count("select count(*) from history") == history

    def test_grant_nothing_that_all_of_them_would_not(self, city: City) -> None:
        """A clause may ask for what somebody is not."""
        person, university, enrolled = student(city)
        city.publish_scheme(1, clauses=[{**SCHEME["clauses"][0], "expr": CLAUSE}, NOT_STAFF])
        hear_again(city, enrolled)
        hear_again(city, city.affiliation(person, university, role="staff"))
        city.settle()
        assert city.states() == {}

    def test_that_are_known_already_change_and_tell_nothing(self, city: City) -> None:
        _, university, enrolled = student(city)
        city.hear(enrolled)
        hear_again(city, enrolled)
        hear_again(city, set_event("universities", 1, [university]))
        assert open_runs(city) == [True]
        city.settle()
        assert announced(city) == [("granted", False)]
        assert city.count("select count(*) from affiliations") == 1

    def test_bring_back_what_was_granted_by_facts_still_known(self, city: City) -> None:
        person, _, enrolled = student(city)
        city.hear(enrolled)
        truncate(city.engine, "entitlements")
        hear_again(city, enrolled)
        city.settle()
        assert city.states() == {person: "active"}
        assert announced(city)[-1] == ("granted", True)


class TestRuns:
    def test_of_a_replay_come_before_dates_that_passed_long_ago(self, city: City) -> None:
        """A database restored from an older dump finds the date passed; whoever got a message about it gets no second one."""
        person, university, _ = student(city)
        leaves = city.affiliation(person, university, until_on="2026-12-24")
        city.hear(leaves)
        later = NOW + dt.timedelta(days=60)
        hear_again(city, city.affiliation(uuid7(), university))
        with city.work(now=later) as work:
            assert evaluation.run_due(work) is False
        assert city.states()[person] == "active"
        city.settle(now=later)
        assert city.states()[person] == "suspended"
        assert ("suspended", True) in announced(city)
        assert ("suspended", False) not in announced(city)

    def test_of_the_two_kinds_never_overlap(self, city: City) -> None:
        _, university, enrolled = student(city)
        hear_again(city, enrolled)
        city.publish_scheme(1, valid_from=dt.date(2023, 2, 1))
        hear_again(city, city.affiliation(uuid7(), university))
        with city.work() as work:
            evaluation.run_chunk(work)
        hear_again(city, city.affiliation(uuid7(), university))
        assert open_runs(city) == [True, False, True]
        with city.work() as first, city.work() as second:
            assert evaluation.run_chunk(first) is True
            assert evaluation.run_chunk(second) is False, "the next is of the other kind and waits"
        city.settle()
        assert open_runs(city) == []
