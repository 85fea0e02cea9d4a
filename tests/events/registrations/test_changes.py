"""What happens to a session reaches every live registration for it, once, with how it was and how it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.events.activities import sessions
from services.events.registrations import changes
from services.events.registrations.changes import announce_changes
from tests.events.conftest import DAY, HOUR, NOW, Town, session
from tests.support.waiting import until

LATER = NOW + 2 * DAY


def kept(activity: dict[str, Any], number: int = 0, **changed: Any) -> dict[str, Any]:
    """A session of an activity as it is sent to be changed."""
    known = activity["sessions"][number]
    names = ("id", "starts_at", "ends_at", "place", "capacity")
    return {**{name: known[name] for name in names}, **changed}


def put_off(town: Town, activity: dict[str, Any], **more: Any) -> dict[str, Any]:
    moved = kept(activity, starts_at=LATER, ends_at=LATER + 4 * HOUR, **more)
    return town.change(activity, sessions=[moved])


def whom(town: Town, what: str) -> list[str]:
    return [one["registration_id"] for one in town.events(f"registration.{what}")]


def ids(*found: dict[str, Any]) -> list[str]:
    return [str(one["id"]) for one in found]


class TestAmended:
    def test_reaches_every_live_registration_once_with_what_was_and_what_is(self, town: Town) -> None:
        activity = town.open(session(2), promotion="offer")
        found = [town.register(activity, person) for person in town.people(5)]
        town.cancel(found[0])
        town.cancel(found[4])
        assert town.states(*found) == ["cancelled", "confirmed", "offered", "waiting", "cancelled"]
        title = {"zh-CN": "双选会", "en": "Fair"}
        moved = kept(activity, starts_at=LATER, ends_at=LATER + HOUR, place="图书馆")
        town.change(activity, title=title, sessions=[moved])
        town.settle()
        town.settle()
        assert whom(town, "amended") == ids(*found[1:4])
        announced = town.events("registration.amended")[0]
        assert (announced["activity_title"], announced["activity_title_before"]) == (title, activity["title"])
        assert (announced["place"], announced["place_before"]) == ("图书馆", "体育馆")
        before = activity["sessions"][0]
        assert (announced["starts_at"], announced["ends_at"]) == (LATER.isoformat(), (LATER + HOUR).isoformat())
        assert announced["starts_at_before"] == before["starts_at"].isoformat()
        assert announced["ends_at_before"] == before["ends_at"].isoformat()
        assert [town.seen(one)["version"] for one in found[1:4]] == [2, 3, 2]
        assert town.count("select count(*) from session_changes") == 0

    def test_is_of_the_sessions_it_touches_alone_and_a_title_of_all(self, town: Town) -> None:
        activity = town.open(session(1), session(1, starts_at=NOW + 3 * DAY))
        people = town.people(2)
        here, there = (
            town.register(activity, person, session_id=one["id"])
            for person, one in zip(people, activity["sessions"], strict=True)
        )
        changed = town.change(activity, sessions=[kept(activity), kept(activity, 1, place="图书馆")])
        town.settle()
        assert whom(town, "amended") == ids(there)
        town.change(changed, title={"zh-CN": "双选会", "en": "Fair"})
        town.settle()
        assert sorted(whom(town, "amended")) == sorted(ids(there, here, there))

    def test_says_nothing_of_seats_hours_and_drafts(self, town: Town) -> None:
        activity = town.open(session(1))
        town.register(activity, town.person())
        town.change(activity, offer_hours=3, sessions=[kept(activity, capacity=7)])
        draft = town.draft(session(1))
        town.change(draft, title={"zh-CN": "双选会", "en": "Fair"})
        assert town.count("select count(*) from session_changes") == 0

    def test_two_changes_are_announced_one_after_the_other_and_one_taken_back_is_not(self, town: Town) -> None:
        activity = town.open(session(1))
        town.register(activity, town.person())
        first = town.change(activity, sessions=[kept(activity, place="图书馆")])
        town.settle()
        second = town.change(first, sessions=[kept(first, place="礼堂")])
        town.settle()
        town.change(town.change(second, sessions=[kept(second, place="操场")]), sessions=[kept(second)])
        with town.work() as work:
            assert announce_changes(work)
        places = [(one["place_before"], one["place"]) for one in town.events("registration.amended")]
        assert places == [("体育馆", "图书馆"), ("图书馆", "礼堂")]

    def test_goes_in_chunks_and_a_chunk_that_fails_is_announced_by_the_next(self, town: Town) -> None:
        count = 2 * changes.CHUNK + 5
        activity = town.open(session(10))
        found = [town.register(activity, person) for person in town.people(count)]
        put_off(town, activity)
        with town.work() as work:
            assert announce_changes(work)
        assert len(whom(town, "amended")) == changes.CHUNK
        with pytest.raises(KeyboardInterrupt), town.work() as work:
            announce_changes(work)
            raise KeyboardInterrupt  # as a process that dies before its commit
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: town.settle(), range(4)))
        assert sorted(whom(town, "amended")) == sorted(ids(*found))

    def test_who_registers_meanwhile_is_told_the_new_or_of_the_change_and_never_both_or_none(self, town: Town) -> None:
        activity, person = town.open(session(1)), town.person()
        town.register(activity, town.person())
        with ThreadPoolExecutor(1) as pool:
            with town.work() as work:
                sessions.lock_sessions(work, [activity["id"]])
                late = pool.submit(town.register, activity, person)  # has read the session, and waits for it
                waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                until(lambda: town.count(waiting) == 1, what="a registration that waits")
                known = sessions.locked_of(work, activity["id"])
                sessions.replace_sessions(
                    work, activity["id"], "open", known, [kept(activity, starts_at=LATER, ends_at=LATER + HOUR)]
                )
                changes.note_amended(
                    work,
                    known,
                    before=activity,
                    after={"id": activity["id"], "state": "open", "title": activity["title"]},
                )
            late.result()
        town.settle()
        assert len(whom(town, "amended")) == 1
        (announced,) = town.events("registration.waitlisted")
        assert announced["starts_at"] == LATER.isoformat()

    def test_of_a_cancelled_activity_nobody_is_told_anything_else(self, town: Town) -> None:
        activity = town.open(session(1))
        town.register(activity, town.person())
        put_off(town, activity)
        town.move("cancel", activity["id"])
        town.settle()
        assert (town.announced("registration.amended"), town.announced("registration.voided")) == (0, 1)

    def test_of_a_confidential_kind_no_listener_is_told(self, town: Town) -> None:
        activity = town.open(session(1), kind="matchmaking")
        town.register(activity, town.person())
        put_off(town, activity)
        town.settle()
        only_for = town.rows("select only_for from outbox where type = 'events.registration.amended.v1'")
        assert only_for == [("notify.on_announcement.v1",)]


class TestIntoThePast:
    @pytest.mark.parametrize(
        ("starts_at", "hours"), [(NOW - DAY, 4), (NOW - HOUR, 4), (NOW, 4)], ids=["over", "begun", "beginning"]
    )
    def test_no_session_is_moved(self, town: Town, starts_at: Any, hours: int) -> None:
        activity = town.open(session(1))
        moved = kept(activity, starts_at=starts_at, ends_at=starts_at + hours * HOUR)
        with pytest.raises(sessions.SessionInPast) as refused:
            town.change(activity, sessions=[moved])
        assert refused.value.code == "events.session_in_past"
        assert town.count("select count(*) from session_changes") == 0

    def test_one_that_goes_on_is_prolonged_and_not_ended_by_it(self, town: Town) -> None:
        activity = town.open(session(1, starts_at=NOW - HOUR))
        longer = town.change(activity, sessions=[kept(activity, ends_at=NOW + 9 * HOUR)])
        with pytest.raises(sessions.SessionInPast):
            town.change(longer, sessions=[kept(longer, ends_at=NOW - HOUR / 2)])

    def test_a_draft_and_what_is_over_are_put_right(self, town: Town) -> None:
        draft = town.draft(session(1))
        town.change(draft, sessions=[kept(draft, starts_at=NOW - DAY, ends_at=NOW - DAY + HOUR)])
        over = town.open(session(1, starts_at=NOW - DAY))
        changed = town.change(over, sessions=[kept(over, ends_at=NOW - DAY + 2 * HOUR)])
        assert changed["sessions"][0]["ends_at"] == NOW - DAY + 2 * HOUR


class TestOffers:
    def test_end_with_the_new_start_where_it_is_earlier_and_are_not_prolonged_by_a_later_one(self, town: Town) -> None:
        activity = town.open(session(1), promotion="offer", offer_hours=20)
        seated, offered, waiting = (town.register(activity, person) for person in town.people(3))
        town.cancel(seated)
        earlier = town.change(activity, sessions=[kept(activity, starts_at=NOW + 2 * HOUR)])
        assert town.seen(offered)["offer_expires_at"] == NOW + 2 * HOUR
        town.settle()
        deadlines = [one["offer_expires_at"] for one in town.events("registration.offered")]
        assert deadlines == [(NOW + 20 * HOUR).isoformat(), (NOW + 2 * HOUR).isoformat()]
        put_off(town, earlier)
        assert town.seen(offered)["offer_expires_at"] == NOW + 2 * HOUR
        town.settle(now=NOW + 3 * HOUR)
        assert town.announced("registration.offered") == 3
        assert town.states(offered, waiting) == ["lapsed", "offered"]


class TestUnplaced:
    def test_who_still_waits_when_it_is_held_is_told_so_once(self, town: Town) -> None:
        activity = town.open(session(1, starts_at=NOW - HOUR), session(1), promotion="offer")
        now, then = (one["id"] for one in activity["sessions"])
        seated, waiting = (town.register(activity, person, session_id=now) for person in town.people(2))
        first, offered = (town.register(activity, person, session_id=then) for person in town.people(2))
        town.cancel(first)
        town.move("hold", activity["id"])
        town.settle()
        town.settle()
        assert town.states(seated, waiting, offered) == ["confirmed", "unplaced", "unplaced"]
        assert sorted(whom(town, "unplaced")) == sorted(ids(waiting, offered))
        assert town.seats(activity) == [(1, 0), (0, 0)]
        town.check_books()
