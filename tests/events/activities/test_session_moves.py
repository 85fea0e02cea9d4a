"""One session is cancelled, reopened or removed; what was given for it is good again once it is reopened."""

from __future__ import annotations

import pytest

from services.events import activities, registrations
from services.events.activities import session_moves, sessions
from services.events.registrations import waiting_list
from tests.events.conftest import DAY, HOUR, NOW, OTHERS, Town, session

START = NOW + DAY


class TestCancelSession:
    def test_notifies_every_live_registration_once_with_the_reason(self, town: Town) -> None:
        activity = town.open(session(1), session(1, starts_at=NOW + 2 * DAY))
        here, there = (one["id"] for one in activity["sessions"])
        found = [town.register(activity, person, session_id=here) for person in town.people(3)]
        town.register(activity, town.person(), session_id=there)
        town.cancel(found[2])
        cancelled = town.cancel_session(activity)
        town.settle()
        announced = town.events("registration.suspended")
        assert [(one["registration_id"], one["reason"]) for one in announced] == [
            (str(one["id"]), "停电") for one in found[:2]
        ]
        assert [one["state"] for one in cancelled["sessions"]] == ["cancelled", "scheduled"]
        assert (cancelled["version"], town.announced("activity.changed")) == (activity["version"] + 1, 1)
        assert town.events("activity.changed")[0]["starts_at"] == (NOW + 2 * DAY).isoformat()
        with town.work() as work:
            shown = activities.list_sessions(work, activity_id=activity["id"])["items"]
        assert [one["cancel_reason"] for one in shown] == ["停电", None]

    def test_stops_registrations_seats_and_the_door_and_keeps_what_was_given(self, town: Town) -> None:
        activity = town.open(session(2), promotion="offer", offer_hours=2)
        seated, leaving, waiting, last = (town.register(activity, person) for person in town.people(4))
        ticket = town.ticket(seated)
        town.cancel(leaving)
        town.cancel_session(activity)
        with pytest.raises(registrations.RegistrationClosed):
            town.register(activity, town.person())
        with pytest.raises(waiting_list.NoOffer):
            town.accept(waiting)
        assert town.scan(ticket, "n1")["code"] == "events.session_called_off"
        town.settle(now=NOW + 9 * HOUR)
        assert town.states(seated, waiting, last) == ["confirmed", "offered", "waiting"]
        town.check_books()

    def test_of_the_only_one_left_another_is_chosen_without_being_named(self, town: Town) -> None:
        activity = town.open(session(1), session(1, starts_at=NOW + 2 * DAY))
        town.cancel_session(activity)
        assert town.register(activity, town.person())["session_id"] == activity["sessions"][1]["id"]

    def test_is_refused_twice_to_others_and_when_it_is_over(self, town: Town) -> None:
        activity = town.open(session(1, starts_at=NOW - HOUR), session(1))
        ids = {"activity_id": activity["id"], "session_id": activity["sessions"][1]["id"]}
        with town.work(caller=OTHERS) as work, pytest.raises(activities.NotYourActivity):
            session_moves.cancel_session(work, **ids, reason="x")
        with town.work() as work, pytest.raises(sessions.SessionNotFound):
            session_moves.cancel_session(work, **{**ids, "session_id": activity["id"]}, reason="x")
        with pytest.raises(session_moves.SessionNotCancelled):
            town.reopen_session(activity, 1)
        town.cancel_session(activity, 1)
        with pytest.raises(session_moves.SessionCancelled):
            town.cancel_session(activity, 1)
        town.move("hold", activity["id"])
        with pytest.raises(activities.ActivityOver):
            town.reopen_session(activity, 1)
        assert town.rows("select from_state, to_state, reason from history where subject = 'session'") == [
            ("scheduled", "cancelled", "停电")
        ]


class TestReopenSession:
    def test_makes_good_again_what_was_given_and_says_so_once(self, town: Town) -> None:
        activity = town.open(session(2), promotion="offer", offer_hours=2)
        seated, leaving, waiting, last = (town.register(activity, person) for person in town.people(4))
        ticket = town.ticket(seated)
        town.cancel(leaving)
        town.cancel_session(activity)
        town.settle()
        reopened = town.reopen_session(activity, now=NOW + 5 * HOUR)
        town.settle(now=NOW + 5 * HOUR)
        assert [one["state"] for one in reopened["sessions"]] == ["scheduled"]
        announced = [one["registration_id"] for one in town.events("registration.reinstated")]
        assert announced == [str(one["id"]) for one in (seated, waiting, last)]
        assert town.seen(waiting)["offer_expires_at"] == NOW + 7 * HOUR
        assert town.accept(waiting, now=NOW + 6 * HOUR)["state"] == "confirmed"
        assert town.scan(ticket, "n1", now=START)["outcome"] == "admitted"

    def test_gives_on_the_seats_that_came_free_meanwhile(self, town: Town) -> None:
        activity = town.open(session(1))
        seated, waiting = (town.register(activity, person) for person in town.people(2))
        town.cancel_session(activity)
        town.cancel(seated)
        assert town.states(waiting) == ["waiting"]
        town.reopen_session(activity)
        assert town.states(waiting) == ["confirmed"]
        town.check_books()

    def test_another_time_is_given_first_and_announced_with_it(self, town: Town) -> None:
        activity = town.open(session(1))
        town.register(activity, town.person())
        town.cancel_session(activity)
        late = START + 5 * HOUR
        with pytest.raises(sessions.SessionInPast):
            town.reopen_session(activity, now=late)
        known = {**session(1, starts_at=late + DAY), "id": activity["sessions"][0]["id"], "state": "cancelled"}
        town.change({**activity, "version": activity["version"] + 1}, now=late, sessions=[known])
        town.reopen_session(activity, now=late)
        town.settle(now=late)
        assert town.announced("registration.amended") == 0
        assert town.events("registration.reinstated")[0]["starts_at"] == (late + DAY).isoformat()

    def test_is_no_change_of_the_activity(self, town: Town) -> None:
        activity = town.open(session(1))
        known = {**session(1), "id": activity["sessions"][0]["id"]}
        with pytest.raises(sessions.SessionStateNotChanged):
            town.change(activity, sessions=[{**known, "state": "cancelled"}])
        assert town.change(activity, sessions=[{**known, "state": "scheduled"}])["version"] == activity["version"] + 1


class TestRemoving:
    def test_one_without_a_live_registration_goes_and_its_history_stays(self, town: Town) -> None:
        activity = town.open(session(1), session(1, starts_at=NOW + 2 * DAY))
        here, there = (one["id"] for one in activity["sessions"])
        registration = town.register(activity, town.person(), session_id=here)
        stays = {**session(1, starts_at=NOW + 2 * DAY), "id": there}
        with pytest.raises(sessions.SessionInUse) as refused:
            town.change(activity, sessions=[stays])
        assert refused.value.code == "events.session_in_use"
        town.cancel(registration)
        left = town.change(activity, sessions=[stays])
        assert [one["id"] for one in left["sessions"]] == [there]
        assert town.seen(registration)["session_id"] == here
        with pytest.raises(sessions.SessionNotFound):
            town.register(activity, town.person(), session_id=here)
        assert town.register(activity, town.person())["session_id"] == there
        with pytest.raises(sessions.SessionNotFound):
            town.cancel_session(activity)

    def test_a_cancelled_one_goes_too_once_nobody_holds_a_place(self, town: Town) -> None:
        activity = town.open(session(1), session(1, starts_at=NOW + 2 * DAY))
        here, there = (one["id"] for one in activity["sessions"])
        registration = town.register(activity, town.person(), session_id=here)
        cancelled = town.cancel_session(activity)
        town.cancel(registration)
        left = town.change(cancelled, sessions=[{**session(1, starts_at=NOW + 2 * DAY), "id": there}])
        assert [one["id"] for one in left["sessions"]] == [there]
        town.settle()
        assert town.announced("registration.suspended") == 0
