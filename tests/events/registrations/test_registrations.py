"""A person gets a seat or a place in the waiting list, once per activity, if the activity is open to them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chassis.ground.ids import uuid7
from chassis.store import idempotency
from chassis.store.work import Caller
from contracts.language.paging import Paging
from services.events import activities, registrations
from services.events.activities import sessions
from services.events.registrations import statements as registration_rows
from tests.events.conftest import DAY, HOUR, NOW, Town, session, statements
from tests.support.facts import event


def affiliation(person: Any, organisation: Any, *, version: int = 1, **stated: Any) -> Any:
    data = {
        "affiliation_id": str(stated.pop("affiliation_id", uuid7())),
        "version": version,
        "person_id": str(person),
        "organisation_id": str(organisation),
        "role": "student",
        "state": "confirmed",
        "from_on": "2024-09-01",
        "until_on": None,
        **stated,
    }
    return event(f"talent.affiliation.{data['state']}.v1", data["affiliation_id"], version, data)


class TestRegister:
    def test_gives_a_seat_while_there_is_one_and_then_a_place_in_the_list(self, town: Town) -> None:
        activity = town.open(session(2))
        found = [town.register(activity, person) for person in town.people(4)]
        assert [(one["state"], one["position"]) for one in found] == [
            ("confirmed", None),
            ("confirmed", None),
            ("waiting", 1),
            ("waiting", 2),
        ]
        assert [one["number"] for one in found] == [1, 2, 3, 4]
        assert town.seats(activity) == [(2, 2)]
        assert (town.announced("registration.confirmed"), town.announced("registration.waitlisted")) == (2, 2)

    def test_tells_what_a_message_needs_and_nothing_about_the_person(self, town: Town) -> None:
        activity = town.open(session(1))
        person = town.people(2)
        town.register(activity, person[0])
        waiting = town.register(activity, person[1])
        ((body,),) = town.rows("select body from outbox where type = 'events.registration.waitlisted.v1'")
        data = json.loads(body)["data"]
        assert data == {
            "registration_id": str(waiting["id"]),
            "version": 1,
            "activity_id": str(activity["id"]),
            "person_id": str(person[1]),
            "state": "waiting",
            "position": 1,
            "offer_expires_at": None,
            "activity_kind": "job_fair",
            "activity_title": activity["title"],
            "activity_programme": "job_fairs",
            "starts_at": (NOW + DAY).isoformat(),
            "place": "体育馆",
            "reason": None,
        }

    def test_refuses_a_second_live_registration_and_takes_one_after_a_cancelled_one(self, town: Town) -> None:
        activity, person = town.open(session(2), session(2, starts_at=NOW + 2 * DAY)), town.person()
        first, other = (one["id"] for one in activity["sessions"])
        registered = town.register(activity, person, session_id=first)
        for session_id in (first, other):
            with pytest.raises(registrations.AlreadyRegistered):
                town.register(activity, person, session_id=session_id)
        assert town.seats(activity) == [(1, 0), (0, 0)]
        town.cancel(registered)
        assert town.register(activity, person, session_id=other)["state"] == "confirmed"
        town.check_books()

    def test_wants_the_session_named_where_there_are_several(self, town: Town) -> None:
        activity, person = town.open(session(), session(starts_at=NOW + 2 * DAY)), town.person()
        with pytest.raises(registrations.SessionNotChosen):
            town.register(activity, person)
        with pytest.raises(sessions.SessionNotFound):
            town.register(activity, person, session_id=town.open()["sessions"][0]["id"])
        with pytest.raises(activities.ActivityNotFound):
            town.register({"id": uuid7()}, person)

    def test_is_open_from_opening_to_closing_and_not_past_the_end(self, town: Town) -> None:
        person, activity = town.person(), town.draft(session(hours=4))
        for move in (None, "publish"):
            if move:
                town.move(move, activity["id"])
            with pytest.raises(registrations.RegistrationClosed):
                town.register(activity, person)
        town.move("open", activity["id"])
        with pytest.raises(registrations.RegistrationClosed):
            town.register(activity, person, now=NOW + DAY + 4 * HOUR)
        assert town.register(activity, person, now=NOW + DAY + 3 * HOUR)["state"] == "confirmed"
        town.move("close", activity["id"])
        with pytest.raises(registrations.RegistrationClosed):
            town.register(activity, town.person())
        town.move("open", activity["id"])
        assert town.register(activity, town.person())["state"] == "confirmed"

    def test_refuses_a_person_who_is_not_registered(self, town: Town) -> None:
        with pytest.raises(registrations.PersonNotKnown):
            town.register(town.open(), uuid7())

    def test_counts_its_statements(self, town: Town) -> None:
        """A look and one that takes the seat; history and outbox in one each, whoever registers."""
        activity, person = town.open(), town.person()
        with statements(town.engine) as sent:
            town.register(activity, person)
        assert [one.split()[0].lower() for one in sent] == ["select", "with", "insert", "insert"]

    def test_the_same_key_again_is_the_same_registration(self, town: Town) -> None:
        activity, person = town.open(session(1)), town.person()
        caller = Caller("app", "youth_league", "r", idempotency_key="k1", trusted=True)
        replies = []
        for _ in range(2):
            with town.work(caller=caller) as work:
                arguments = {"activity_id": activity["id"], "person_id": person, "session_id": None}
                effect = lambda w=work, a=arguments: {"id": str(registrations.register(w, **a)["id"])}  # noqa: E731
                replies.append(idempotency.run(work, "register", {"person_id": str(person)}, effect))
        assert replies[0] == replies[1]
        assert town.seats(activity) == [(1, 0)]


class TestEligibility:
    STUDENTS = [{"role": "student", "organisation_kind": "university"}]

    @pytest.mark.parametrize(
        ("stated", "may"),
        [
            ({}, True),
            ({"role": "staff"}, False),
            ({"until_on": "2026-11-23"}, False),
            ({"until_on": "2026-11-24"}, True),
            ({"from_on": "2026-11-24"}, False),
            ({"state": "reported"}, False),
            ({"state": "ended", "until_on": "2026-11-23"}, False),
            ({"state": "ended", "until_on": "2026-11-24"}, True),
        ],
    )
    def test_asks_for_an_affiliation_that_holds_today(self, town: Town, stated: dict[str, Any], may: bool) -> None:
        activity, person = town.open(open_to=self.STUDENTS), town.person()
        town.hear(affiliation(person, town.organiser, **stated))
        if may:
            assert town.register(activity, person)["state"] == "confirmed"
        else:
            with pytest.raises(registrations.NotEligible):
                town.register(activity, person)

    def test_goes_by_the_kind_of_the_organisation_and_by_the_organisation(self, town: Town) -> None:
        firm, person = town.organisation("enterprise"), town.person()
        town.hear(affiliation(person, firm))
        with pytest.raises(registrations.NotEligible):
            town.register(town.open(open_to=self.STUDENTS), person)
        assert town.register(town.open(open_to=[{"organisation_id": firm}]), person)["state"] == "confirmed"

    def test_goes_by_the_newest_version_in_whatever_order_it_was_heard(self, town: Town) -> None:
        person, known = town.person(), uuid7()
        ended = affiliation(
            person, town.organiser, affiliation_id=known, version=2, state="ended", until_on="2026-11-01"
        )
        confirmed = affiliation(person, town.organiser, affiliation_id=known)
        for heard in ((ended, confirmed), (confirmed,), (ended, ended)):
            town.hear(*heard)
            with pytest.raises(registrations.NotEligible):
                town.register(town.open(open_to=self.STUDENTS), person)

    def test_who_has_an_affiliation_is_on_record(self, town: Town) -> None:
        """The two events are of two subjects, so either may come first."""
        person = uuid7()
        town.hear(affiliation(person, town.organiser))
        assert town.register(town.open(), person)["state"] == "confirmed"


class TestReading:
    def test_says_the_place_in_the_list_as_it_is_now(self, town: Town) -> None:
        activity = town.open(session(1))
        found = [town.register(activity, person) for person in town.people(4)]
        town.cancel(found[2])
        assert [town.seen(one)["position"] for one in found] == [None, 1, None, 2]
        with pytest.raises(registration_rows.RegistrationNotFound):
            town.seen({"id": uuid7()})

    def test_lists_by_activity_person_and_state_in_pages(self, town: Town) -> None:
        activity, other = town.open(session(2)), town.open()
        people = town.people(5)
        found = [town.register(activity, person) for person in people]
        town.register(other, people[0])
        wanted = {"activity_id": activity["id"], "session_id": None, "person_id": None, "state": None}
        with town.work() as work:
            first = registrations.list_registrations(work, page=Paging(limit=3), **wanted)
            rest = registrations.list_registrations(work, page=Paging(limit=3, after=first["next_after"]), **wanted)
            waiting = registrations.list_registrations(work, page=Paging(limit=9), **{**wanted, "state": "waiting"})
            of_person = {**wanted, "activity_id": None, "person_id": people[0]}
            mine = registrations.list_registrations(work, page=Paging(limit=9), **of_person)
        ids = [one["id"] for one in first["items"] + rest["items"]]
        assert sorted(ids) == sorted(one["id"] for one in found) and rest["next_after"] is None
        assert [one["position"] for one in sorted(waiting["items"], key=lambda one: one["number"])] == [1, 2, 3]
        assert len(mine["items"]) == 2
