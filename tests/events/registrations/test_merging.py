"""Registrations of somebody who is merged count for who they are merged into, and come back when the merge is undone."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from chassis.ground.ids import uuid7
from chassis.store.work import Caller
from contracts.language.paging import Paging
from contracts.language.refusals import Refusal
from services.events import copies, registrations
from services.events.registrations import waiting_list
from services.events.registrations.statements import RegistrationNotFound
from tests.events.conftest import DAY, LEAGUE, NOW, Town, merge, session, statements, themselves
from tests.support.facts import event
from tests.support.threads import at_once

STATES = ("checked_in", "confirmed", "offered", "waiting")


def listed(town: Town, person_id: UUID, *, caller: Caller = LEAGUE) -> list[UUID]:
    with town.work(caller=caller) as work:
        page = registrations.list_registrations(work, page=Paging(limit=50), person_id=person_id)
    return [one["id"] for one in page["items"]]


def whose(town: Town, *found: dict[str, Any]) -> list[tuple[UUID, UUID | None]]:
    """(counts for, made for somebody who is merged) of each."""
    read = "select person_id, merged_from from registrations where id = :id"
    return [town.rows(read, id=one["id"])[0] for one in found]  # type: ignore[misc]


def told(town: Town, what: str) -> list[dict[str, Any]]:
    bodies = town.rows("select body from outbox where type = :type order by id", type=f"events.registration.{what}.v1")
    return [json.loads(body)["data"] for (body,) in bodies]


def registered_as(town: Town, state: str, activity: dict[str, Any], number: int, person: UUID) -> dict[str, Any]:
    """A registration in this state for the session of this number, which has one seat."""
    session_id = activity["sessions"][number]["id"]
    ahead = town.register(activity, town.person(), session_id=session_id) if state in ("offered", "waiting") else None
    made = town.register(activity, person, session_id=session_id)
    if state == "offered" and ahead:
        town.cancel(ahead)
    if state == "checked_in":
        assert town.scan(town.ticket(made), f"n{made['id']}")["outcome"] == "admitted"
    assert town.seen(made)["state"] == ("confirmed" if state == "checked_in" else state)
    return made


class TestMerge:
    def test_moves_all_registrations_and_says_from_whom(self, town: Town) -> None:
        merged, survivor = town.people(2)
        gone, live = (town.register(town.open(), merged) for _ in range(2))
        town.cancel(gone)
        own = town.register(town.open(), survivor)
        town.merge(merged, survivor)
        assert whose(town, gone, live, own) == [(survivor, merged), (survivor, merged), (survivor, None)]
        assert town.states(gone, live, own) == ["cancelled", "confirmed", "confirmed"]
        everything = [gone["id"], live["id"], own["id"]]
        assert listed(town, merged) == listed(town, survivor) == everything
        assert listed(town, survivor, caller=themselves(survivor)) == everything
        assert listed(town, merged, caller=themselves(survivor)) == everything
        with town.work(caller=themselves(survivor)) as work:
            waiting_list.cancel_registration(work, registration_id=live["id"])
        with town.work(caller=themselves(merged)) as work, pytest.raises(RegistrationNotFound):
            waiting_list.cancel_registration(work, registration_id=own["id"])

    def test_tells_nobody_where_nothing_is_given_up(self, town: Town) -> None:
        merged, survivor = town.people(2)
        made = town.register(town.open(), merged)
        before = town.count("select count(*) from outbox")
        town.merge(merged, survivor)
        assert town.count("select count(*) from outbox") == before
        steps = town.rows("select from_state, to_state, reason from history where subject_id = :id", id=str(made["id"]))
        assert steps == [(None, "confirmed", None), ("confirmed", "confirmed", "merged")]
        assert town.seen(made)["version"] == 2

    def test_leaves_one_where_both_have_one_and_gives_the_seat_to_the_next(self, town: Town) -> None:
        activity, (merged, survivor) = town.open(session(2)), town.people(2)
        first, second = town.register(activity, survivor), town.register(activity, merged)
        waiting = town.register(activity, town.person())
        town.merge(merged, survivor)
        assert town.states(first, second, waiting) == ["confirmed", "cancelled", "confirmed"]
        assert whose(town, first, second) == [(survivor, None), (survivor, merged)]
        assert [(one["registration_id"], one["reason"]) for one in told(town, "cancelled")] == [
            (str(second["id"]), "merged")
        ]
        assert [one["registration_id"] for one in told(town, "promoted")] == [str(waiting["id"])]
        town.check_books()

    def test_leaves_the_earlier_number_of_the_same_state_whoever_has_it(self, town: Town) -> None:
        for is_first in (True, False):
            activity, (merged, survivor) = town.open(session(1)), town.people(2)
            town.register(activity, town.person())
            order = (merged, survivor) if is_first else (survivor, merged)
            stays, goes = (town.register(activity, person) for person in order)
            town.merge(merged, survivor)
            assert town.states(stays, goes) == ["waiting", "cancelled"]
            assert whose(town, stays)[0][0] == survivor
            town.check_books()

    def test_leaves_the_one_that_is_further_on_in_every_pair_of_states(self, town: Town) -> None:
        for of_merged, of_survivor in itertools.product(STATES, STATES):
            activity, (merged, survivor) = town.open(session(1), session(1), promotion="offer"), town.people(2)
            theirs = registered_as(town, of_merged, activity, 0, merged)
            own = registered_as(town, of_survivor, activity, 1, survivor)
            before = town.states(theirs, own)
            town.merge(merged, survivor)
            if of_merged == of_survivor == "checked_in":
                assert whose(town, theirs, own) == [(merged, None), (survivor, None)]
                assert town.states(theirs, own) == before
            elif STATES.index(of_merged) <= STATES.index(of_survivor):
                assert town.states(theirs, own) == [before[0], "cancelled"], (of_merged, of_survivor)
                assert whose(town, theirs) == [(survivor, merged)]
            else:
                assert town.states(theirs, own) == ["cancelled", before[1]], (of_merged, of_survivor)
                assert whose(town, theirs) == [(survivor, merged)]
            town.check_books()
        moved = town.rows("select id, person_id, merged_from, version from registrations order by id")
        town.settle()
        assert town.rows("select id, person_id, merged_from, version from registrations order by id") == moved

    def test_of_several_into_one_leaves_one_registration(self, town: Town) -> None:
        activity, (survivor, *merged) = town.open(session(2)), town.people(4)
        found = [town.register(activity, person) for person in (*merged, survivor)]
        town.hear_merges(*(merge(person, survivor, 2) for person in merged))
        assert town.states(*found) == ["confirmed", "cancelled", "cancelled", "cancelled"]
        assert {person for person, _ in whose(town, *found)} == {survivor}
        town.check_books()

    def test_leaves_a_ticket_issued_before_good(self, town: Town) -> None:
        merged, survivor = town.people(2)
        ticket = town.ticket(town.register(town.open(), merged))
        town.merge(merged, survivor)
        assert town.scan(ticket, "n1")["outcome"] == "admitted"
        ((body,),) = town.rows("select body from outbox where type = 'events.checkin.recorded.v1'")
        assert json.loads(body)["data"]["person_id"] == str(survivor)


class TestUndoing:
    def test_gives_back_what_was_theirs_and_nothing_else(self, town: Town) -> None:
        merged, survivor = town.people(2)
        theirs, own = town.register(town.open(), merged), town.register(town.open(), survivor)
        town.merge(merged, survivor)
        since, since_own = town.register(town.open(), merged), town.register(town.open(), survivor)
        town.merge(merged, None, version=3)
        assert whose(town, theirs, since) == [(merged, None)] * 2
        assert whose(town, own, since_own) == [(survivor, None)] * 2
        assert listed(town, merged) == [theirs["id"], since["id"]]

    def test_does_not_bring_back_what_was_cancelled(self, town: Town) -> None:
        activity, (merged, survivor) = town.open(), town.people(2)
        own, theirs = town.register(activity, survivor), town.register(activity, merged)
        town.merge(merged, survivor)
        town.merge(merged, None, version=3)
        assert whose(town, own, theirs) == [(survivor, None), (merged, None)]
        assert town.states(own, theirs) == ["confirmed", "cancelled"]
        assert town.register(activity, merged)["state"] == "confirmed"
        town.check_books()


class TestOrder:
    def test_ends_alike_whatever_comes_when_and_how_often(self, town: Town) -> None:
        for last in (2, 3, 4):
            for order in itertools.permutations(range(2, last + 1)):
                merged, survivor, other = town.people(3)
                made = town.register(town.open(), merged)
                said = {2: other, 3: None, 4: survivor}
                for version in (*order, *order):
                    town.merge(merged, said[version], version=version)
                counts_for = said[last]
                expected = (counts_for, merged) if counts_for else (merged, None)
                assert whose(town, made) == [expected], order

    def test_goes_by_the_copy_and_not_by_the_event(self, town: Town) -> None:
        """A correction made after the merge says so too, and may come first."""
        merged, survivor = town.people(2)
        made = town.register(town.open(), merged)
        data = {"person_id": str(merged), "version": 3, "merged_into": str(survivor)}
        with town.work() as work:
            copies.people.apply(work, [event("talent.person.changed.v1", merged, 3, data)])
        town.merge(merged, survivor)
        assert whose(town, made) == [(survivor, merged)]

    def test_leaves_alone_what_came_from_somebody_else(self, town: Town) -> None:
        """Before the end of an earlier merge is heard, who was merged into them is not passed on."""
        first, second, third = town.people(3)
        made, own = town.register(town.open(), first), town.register(town.open(), second)
        town.merge(first, second)
        town.merge(second, third)
        assert whose(town, made, own) == [(second, first), (third, second)]
        town.merge(first, None, version=3)
        assert whose(town, made, own) == [(first, None), (third, second)]


class TestRegistering:
    def test_counts_for_the_survivor_by_either_id_in_as_many_statements(self, town: Town) -> None:
        merged, survivor = town.people(2)
        town.merge(merged, survivor)
        activity = town.open()
        with statements(town.engine) as sent:
            by_theirs = town.register(activity, merged, caller=themselves(survivor))
        assert [one.split()[0].lower() for one in sent] == ["select", "with", "insert", "insert"]
        by_own = town.register(town.open(), survivor, caller=themselves(survivor))
        assert by_theirs["person_id"] == by_own["person_id"] == survivor
        assert whose(town, by_theirs, by_own) == [(survivor, merged), (survivor, None)]
        assert {one["person_id"] for one in told(town, "confirmed")} == {str(survivor)}

    def test_is_refused_to_others_who_act_for_themselves(self, town: Town) -> None:
        merged, survivor, other = town.people(3)
        town.merge(merged, survivor)
        for person in (merged, survivor):
            with pytest.raises(registrations.PersonNotKnown):
                town.register(town.open(), person, caller=themselves(other))

    def test_is_refused_twice_under_whichever_id(self, town: Town) -> None:
        merged, survivor = town.people(2)
        before = town.open()
        town.register(before, merged)
        town.merge(merged, survivor)
        for activity, first in ((before, None), (town.open(), merged), (town.open(), survivor)):
            if first:
                town.register(activity, first)
            for person in (merged, survivor):
                with pytest.raises(registrations.AlreadyRegistered):
                    town.register(activity, person)

    def test_goes_by_the_affiliations_of_all_ids(self, town: Town) -> None:
        students = [{"role": "student", "organisation_kind": "university"}]
        for number in range(2):
            people = town.people(2)
            data = {
                "affiliation_id": str(uuid7()),
                "person_id": str(people[number]),
                "organisation_id": str(town.organiser),
                "role": "student",
                "state": "confirmed",
                "from_on": "2024-09-01",
                "until_on": None,
            }
            town.hear(event("talent.affiliation.confirmed.v1", data["affiliation_id"], 1, data))
            with pytest.raises(registrations.NotEligible):
                town.register(town.open(open_to=students), people[1 - number])
            town.merge(people[0], people[1])
            for person in people:
                assert town.register(town.open(open_to=students), person)["state"] == "confirmed"
            town.merge(people[0], None, version=3)
            with pytest.raises(registrations.NotEligible):
                town.register(town.open(open_to=students), people[1 - number])


class TestLeftovers:
    def test_of_a_registration_under_way_are_found_by_the_timer(self, town: Town) -> None:
        merged, survivor = town.people(2)
        activity, again = town.open(), town.open()
        with town.work() as work:
            made = registrations.register(work, activity_id=activity["id"], person_id=merged, session_id=None)
            town.merge(merged, survivor)
        assert whose(town, made) == [(merged, None)]
        town.settle()
        assert whose(town, made) == [(survivor, merged)]
        with town.work() as work:
            since = registrations.register(work, activity_id=again["id"], person_id=merged, session_id=None)
            town.merge(merged, None, version=3)
        assert whose(town, made, since) == [(merged, None), (survivor, merged)]
        town.settle()
        assert whose(town, since) == [(merged, None)]

    def test_are_one_registration_in_the_end_where_both_got_one(self, town: Town) -> None:
        activity, (merged, survivor) = town.open(session(1), session(1)), town.people(2)
        first, second = (one["id"] for one in activity["sessions"])
        with town.work() as work:
            late = registrations.register(work, activity_id=activity["id"], person_id=merged, session_id=first)
            town.merge(merged, survivor)
            own = town.register(activity, survivor, session_id=second)
        town.settle()
        assert sorted(town.states(late, own)) == ["cancelled", "confirmed"]
        assert whose(town, late, own) == [(survivor, merged), (survivor, None)]
        town.check_books()


def tried(call: Callable[[], Any]) -> Any:
    """The answer, or the code of the refusal."""
    try:
        return call()
    except Refusal as refusal:
        return refusal.code


class TestRaces:
    def test_a_merge_while_either_registers_and_cancels_leaves_one_seat_at_most(self, town: Town) -> None:
        sessions = [session(2), session(2, starts_at=NOW + 2 * DAY)]
        both, theirs, called_off = (town.open(*sessions) for _ in range(3))
        pairs = [town.people(2) for _ in range(4)]
        cancelled = []
        for number, pair in enumerate(pairs):
            for activity in (both, called_off):
                made = [
                    town.register(activity, person, session_id=activity["sessions"][(number + side) % 2]["id"])
                    for side, person in enumerate(pair)
                ]
                cancelled += made if activity is both else []
            town.register(theirs, pair[0], session_id=theirs["sessions"][0]["id"])
        late = theirs["sessions"][1]["id"]
        calls: list[Callable[[], Any]] = [
            *(lambda pair=pair: town.merge(*pair) for pair in pairs),
            *(lambda pair=pair: tried(lambda: town.register(theirs, pair[1], session_id=late)) for pair in pairs),
            *(lambda made=made: tried(lambda: town.cancel(made)) for made in cancelled),
            lambda: town.move("cancel", called_off["id"]),
            town.settle,
        ]
        at_once(lambda number: calls[number](), len(calls))
        town.settle()
        town.check_books()
        live = "select person_id from registrations where activity_id = :id and state in ('confirmed', 'waiting')"
        held = [[person for (person,) in town.rows(live, id=one["id"])] for one in (both, theirs, called_off)]
        survivors = sorted(survivor for _, survivor in pairs)
        assert set(held[0]) <= set(survivors) and len(held[0]) == len(set(held[0]))
        assert sorted(held[1]) == survivors
        assert held[2] == []
