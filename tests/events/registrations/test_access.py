"""Whose registrations are: the person's, the activity's department's, and the department's that made them. Nobody else's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from chassis.ground.ids import uuid7
from chassis.store.work import Caller
from contracts.language.paging import Paging
from services.events import activities, registrations, tickets
from services.events.activities import kinds
from services.events.registrations import waiting_list
from services.events.registrations.statements import RegistrationNotFound
from tests.events.conftest import APP, LEAGUE, OTHERS, Town, session, statements, themselves

SCHOOL = replace(OTHERS, client_id="school", department="school")


def registered(town: Town, *, by: Caller | None = None, **more: Any) -> dict[str, Any]:
    """A registration for an activity of the league, made by a school."""
    return town.register(town.open(**more), town.person(), caller=by or SCHOOL)


def listed(town: Town, caller: Caller, **filters: Any) -> list[UUID]:
    with town.work(caller=caller) as work:
        return [one["id"] for one in registrations.list_registrations(work, page=Paging(limit=50), **filters)["items"]]


class TestOneRegistration:
    def test_is_seen_and_moved_by_the_person_the_activitys_department_and_who_made_it(self, town: Town) -> None:
        for number in range(3):
            made = registered(town)
            mine = (LEAGUE, SCHOOL, themselves(made["person_id"]))[number]
            with town.work(caller=mine) as work:
                assert registrations.get_registration(work, registration_id=made["id"])["id"] == made["id"]
                issued = tickets.issue_ticket(work, keys=town.keys, registration_id=made["id"], holder="张*")
                assert issued["registration_id"] == made["id"]
                assert waiting_list.cancel_registration(work, registration_id=made["id"])["state"] == "cancelled"

    @pytest.mark.parametrize("caller", [OTHERS, APP, themselves(uuid7())])
    def test_does_not_exist_for_anybody_else(self, town: Town, caller: Caller) -> None:
        made = registered(town)
        for use_case in (
            registrations.get_registration,
            waiting_list.cancel_registration,
            waiting_list.accept_offer,
            waiting_list.refuse_offer,
            lambda work, **asked: tickets.issue_ticket(work, keys=town.keys, holder="张*", **asked),
        ):
            with town.work(caller=caller) as work, pytest.raises(RegistrationNotFound):
                use_case(work, registration_id=made["id"])  # type: ignore[operator]
        assert town.seen(made)["state"] == "confirmed"

    def test_is_not_another_persons_because_the_app_is_of_the_activitys_department(self, town: Town) -> None:
        made = registered(town, by=LEAGUE)
        stranger = replace(themselves(uuid7()), department="youth_league")
        with town.work(caller=stranger) as work, pytest.raises(RegistrationNotFound):
            waiting_list.cancel_registration(work, registration_id=made["id"])

    def test_is_made_for_themselves_by_who_acts_for_themselves(self, town: Town) -> None:
        activity, (person, other) = town.open(), town.people(2)
        with pytest.raises(registrations.PersonNotKnown):
            town.register(activity, other, caller=themselves(person))
        assert town.register(activity, person, caller=themselves(person))["state"] == "confirmed"


class TestLists:
    def test_are_of_an_activity_for_its_department_alone(self, town: Town) -> None:
        made = registered(town)
        about = {"activity_id": made["activity_id"]}
        assert listed(town, LEAGUE, **about) == [made["id"]]
        for activity_id in (made["activity_id"], uuid7()):
            with pytest.raises(activities.ActivityNotFound):
                listed(town, SCHOOL, activity_id=activity_id)
        assert listed(town, LEAGUE, session_id=made["session_id"]) == [made["id"]]
        assert listed(town, SCHOOL, session_id=made["session_id"]) == []

    def test_are_of_a_person_for_who_reaches_them(self, town: Town) -> None:
        made = registered(town)
        assert listed(town, OTHERS, person_id=made["person_id"]) == [made["id"]]

    def test_are_ones_own_for_who_acts_for_themselves(self, town: Town) -> None:
        activity, (person, other) = town.open(), town.people(2)
        made, _ = (town.register(activity, one) for one in (person, other))
        for filters in ({}, {"activity_id": activity["id"]}, {"person_id": person}):
            assert listed(town, themselves(person), **filters) == [made["id"]]
        assert listed(town, themselves(person), person_id=other) == []

    def test_cost_one_statement(self, town: Town) -> None:
        made = registered(town)
        with statements(town.engine) as sent:
            assert listed(town, LEAGUE, activity_id=made["activity_id"])
        assert len(sent) == 1, sent


class TestConfidentialKinds:
    def test_matchmaking_is_one_and_others_can_be_made_so(self, town: Town) -> None:
        with town.work() as work:
            assert kinds.get_activity_kind(work, key="matchmaking")["is_confidential"]
            assert not kinds.get_activity_kind(work, key="talk")["is_confidential"]
            content = {"name": {"zh-CN": "联谊", "en": "Matchmaking"}, "programme": "matchmaking"}
            kept = kinds.put_activity_kind(work, key="matchmaking", version=1, **content)
            assert kept["is_confidential"], "nothing was said of it"
            made = kinds.put_activity_kind(work, key="clinic", version=None, is_confidential=True, **content)
            assert made["is_confidential"]

    def test_are_listed_to_the_activitys_department_and_the_person_alone(self, town: Town) -> None:
        made = registered(town, kind="matchmaking")
        person = made["person_id"]
        assert listed(town, LEAGUE, activity_id=made["activity_id"]) == listed(town, LEAGUE, person_id=person)
        assert listed(town, themselves(person)) == [made["id"]]
        assert listed(town, OTHERS, person_id=person) == []

    def test_tell_the_person_and_no_listener(self, town: Town) -> None:
        made = town.register(town.open(session(1), kind="matchmaking"), town.person())
        town.scan(town.ticket(made), "n1")
        other = town.register(town.open(session(1), kind="matchmaking"), town.person())
        town.cancel(other)
        told = town.rows("select type, only_for from outbox where type not like 'events.activity.%' order by id")
        assert told == [
            ("events.registration.confirmed.v1", "notify.on_announcement.v1"),
            ("events.registration.confirmed.v1", "notify.on_announcement.v1"),
            ("events.registration.cancelled.v1", "notify.on_announcement.v1"),
        ]
        assert town.count("select count(*) from checkins") == 1

    def test_of_other_kinds_everybody_is_told(self, town: Town) -> None:
        registered(town)
        with town.engine.connect() as connection:
            asked = text("select only_for from outbox where type like 'events.registration.%'")
            assert connection.execute(asked).scalars().all() == [None]
