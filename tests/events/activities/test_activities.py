"""An activity is drafted, published, opened, closed, held and reported by its own department, or called off."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from chassis.ground.ids import uuid7
from chassis.store.versions import VersionStale
from contracts.language.paging import Paging
from services.events import activities, copies
from services.events.activities import kinds, moves, sessions
from services.events.activities import rules as law
from tests.events.conftest import DAY, HOUR, LEAGUE, NOW, OTHERS, Town, session


class TestCreateActivity:
    def test_starts_as_an_unannounced_draft_of_the_callers_department(self, town: Town) -> None:
        activity = town.draft(session(20), session(30, starts_at=NOW + 2 * DAY))
        assert (activity["state"], activity["department"], activity["version"]) == ("draft", "youth_league", 1)
        assert [one["capacity"] for one in activity["sessions"]] == [20, 30]
        assert (activity["programme"], activity["attendance"]) == ("job_fairs", None)
        assert town.count("select count(*) from outbox") == 0

    def test_is_shown_to_its_department_alone_until_it_is_published(self, town: Town) -> None:
        activity_id = town.draft()["id"]
        themselves = dataclasses.replace(LEAGUE, client_type="channel", subject=f"person:{uuid7()}")
        for caller in (OTHERS, themselves):
            with town.work(caller=caller) as work:
                for call in (activities.get_activity, activities.list_sessions, moves.publish_activity):
                    with pytest.raises(activities.ActivityNotFound):
                        call(work, activity_id=activity_id)
                assert activities.list_activities(work, page=Paging(limit=5))["items"] == []
        town.move("publish", activity_id)
        with town.work(caller=OTHERS) as work:
            assert activities.get_activity(work, activity_id=activity_id)["state"] == "published"

    def test_refuses_a_kind_and_organisers_it_does_not_know(self, town: Town) -> None:
        with pytest.raises(kinds.ActivityKindNotFound):
            town.draft(kind="opera")
        for unknown in ({"organiser_id": uuid7()}, {"co_organiser_ids": [uuid7()]}):
            with pytest.raises(copies.OrganiserNotKnown):
                town.draft(**unknown)
        assert town.count("select count(*) from activities") == 0


class TestMoves:
    def test_go_from_draft_to_reported_and_each_is_announced(self, town: Town) -> None:
        activity = town.draft(session(starts_at=NOW - HOUR))
        for move, state in (("publish", "published"), ("open", "open"), ("close", "closed"), ("hold", "held")):
            assert town.move(move, activity["id"])["state"] == state
        reported = town.move("report", activity["id"], attendance_stated=3_600)
        assert (reported["state"], reported["version"]) == ("reported", 6)
        assert reported["attendance"] == {"counted": 0, "stated": 3_600}
        announced = town.rows("select type from outbox order by created_at, id")
        assert [row[0].split(".")[2] for row in announced] == ["published", "opened", "closed", "held", "reported"]
        states = town.rows("select from_state, to_state from history where subject = 'activity' order by id")
        assert states[0] == (None, "draft") and states[-1] == ("held", "reported")

    @pytest.mark.parametrize("move", ["open", "close", "hold", "report"])
    def test_are_refused_from_a_draft(self, town: Town, move: str) -> None:
        activity = town.draft()
        with pytest.raises(moves.MoveNotAllowed) as refused:
            town.move(move, activity["id"])
        assert "“草稿”" in refused.value.zh_text() and "is draft" in refused.value.en_text()

    def test_do_not_say_held_before_it_has_begun(self, town: Town) -> None:
        activity = town.open()
        with pytest.raises(moves.ActivityNotBegun):
            town.move("hold", activity["id"])
        assert town.move("hold", activity["id"], now=NOW + DAY)["held_at"] == NOW + DAY

    def test_belong_to_the_department_that_made_it(self, town: Town) -> None:
        activity = town.move("publish", town.draft()["id"])
        for move in law.MOVES:
            with pytest.raises(activities.NotYourActivity):
                town.move(move, activity["id"], caller=OTHERS)
        with pytest.raises(activities.NotYourActivity), town.work(caller=OTHERS) as work:
            activities.change_activity(work, activity_id=activity["id"], version=2, changes={"offer_hours": 2})

    def test_a_draft_called_off_is_not_announced(self, town: Town) -> None:
        town.move("cancel", town.draft()["id"])
        assert town.count("select count(*) from outbox") == 0

    def test_carry_the_sessions_copy_of_the_state_along(self, town: Town) -> None:
        activity = town.open(session(), session(starts_at=NOW + 2 * DAY))
        assert town.rows("select distinct activity_state from sessions") == [("open",)]
        town.move("close", activity["id"])
        assert town.rows("select distinct activity_state from sessions") == [("closed",)]


class TestChangeActivity:
    def test_changes_what_is_named_and_tells_of_it_once_published(self, town: Town) -> None:
        activity = town.draft()
        changed = town.change(activity, title={"zh-CN": "双选会", "en": "Fair"})
        assert (changed["title"]["en"], changed["version"]) == ("Fair", 2)
        assert town.announced("activity.changed") == 0
        published = town.move("publish", activity["id"])
        town.change(published, offer_hours=2)
        assert town.announced("activity.changed") == 1

    def test_is_refused_from_an_older_version_and_when_over(self, town: Town) -> None:
        activity = town.draft(session(starts_at=NOW - HOUR))
        town.change(activity, offer_hours=2)
        with pytest.raises(VersionStale):
            town.change(activity, offer_hours=3)
        town.move("publish", activity["id"])
        held = town.move("hold", activity["id"])
        with pytest.raises(activities.ActivityOver):
            town.change(held, offer_hours=3)

    def test_moves_start_and_place_with_the_sessions(self, town: Town) -> None:
        activity = town.draft(session())
        kept = {**session(5, starts_at=NOW + 3 * DAY), "id": activity["sessions"][0]["id"]}
        changed = town.change(activity, sessions=[kept, {**session(starts_at=NOW + 2 * DAY), "id": None}])
        assert [one["capacity"] for one in changed["sessions"]] == [2, 5]
        assert town.rows("select starts_at from activities") == [(NOW + 2 * DAY,)]

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            (lambda known: [{**session(1), "id": known}], sessions.CapacityTooSmall),
            (lambda known: [{**session(), "id": None}], sessions.SessionInUse),
            (lambda known: [{**session(), "id": uuid7()}], sessions.SessionNotFound),
            (lambda known: [{**session(), "id": known}, {**session(), "id": known}], sessions.SessionNotFound),
        ],
    )
    def test_takes_no_seat_from_anybody(
        self, town: Town, change: Callable[[Any], list[dict[str, Any]]], refusal: type[Exception]
    ) -> None:
        activity = town.open(session(2))
        for person in town.people(2):
            town.register(activity, person)
        with pytest.raises(refusal):
            town.change(activity, sessions=change(activity["sessions"][0]["id"]))
        assert town.seats(activity) == [(2, 0)]

    def test_more_seats_go_to_those_who_wait_at_once_and_in_order(self, town: Town) -> None:
        activity = town.open(session(1))
        found = [town.register(activity, person) for person in town.people(4)]
        town.change(activity, sessions=[{**session(3), "id": activity["sessions"][0]["id"]}])
        assert town.states(*found) == ["confirmed", "confirmed", "confirmed", "waiting"]
        assert town.announced("registration.promoted") == 2
        town.check_books()


class TestKinds:
    def test_are_data_and_can_be_added_and_renamed(self, town: Town) -> None:
        with town.work() as work:
            keys = {one["key"] for one in kinds.list_activity_kinds(work)["items"]}
            assert {"talk", "visit", "job_fair", "salon", "matchmaking", "sports"} <= keys
            name = {"zh-CN": "红色研学", "en": "Red study tour"}
            added = kinds.put_activity_kind(work, key="red_study", version=None, name=name, programme="red_study")
            assert added["created"]
        with town.work() as work, pytest.raises(VersionStale):
            kinds.put_activity_kind(work, key="red_study", version=None, name=name, programme="red_study")
        assert town.draft(kind="red_study")["programme"] == "red_study"

    def test_an_activity_keeps_the_programme_it_was_made_under(self, town: Town) -> None:
        activity = town.draft()
        with town.work() as work:
            kinds.put_activity_kind(
                work, key="job_fair", version=1, name={"zh-CN": "双选会", "en": "Fair"}, programme="fairs"
            )
        with town.work() as work:
            assert activities.get_activity(work, activity_id=activity["id"])["programme"] == "job_fairs"
