"""Seats and queue when everybody comes at the same moment: each race ends as one of its orders would."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from chassis.store.work import PLATFORM
from contracts.language.refusals import Refusal
from services.events import registrations
from services.events.activities import moves as activity_moves
from services.events.registrations import waiting_list
from tests.events.conftest import DAY, HOUR, NOW, Town, session
from tests.support.threads import at_once


def tried(call: Callable[[], Any]) -> Any:
    """The answer, or the code of the refusal."""
    try:
        return call()
    except Refusal as refusal:
        return refusal.code


class TestRegistering:
    def test_fifty_for_one_seat_give_it_once_and_queue_the_others_as_they_were_answered(self, town: Town) -> None:
        activity, people = town.open(session(1)), town.people(50)

        def register(number: int) -> tuple[float, float, dict[str, Any]]:
            sent_at = time.monotonic()
            answer = town.register(activity, people[number])
            return sent_at, time.monotonic(), answer

        found = at_once(register, 50)
        assert Counter(one["state"] for _, _, one in found) == {"confirmed": 1, "waiting": 49}
        assert sorted(one["position"] or 0 for _, _, one in found) == list(range(50))
        for _, answered_at, earlier in found:
            for sent_at, _, later in found:
                assert not (answered_at < sent_at and later["number"] < earlier["number"]), "passed by"
        town.check_books()

    def test_one_person_twenty_times_is_registered_once(self, town: Town) -> None:
        activity, person = town.open(session(2), session(2)), town.person()
        ids = [one["id"] for one in activity["sessions"]]
        answers = at_once(lambda n: tried(lambda: town.register(activity, person, session_id=ids[n % 2])), 20)
        assert Counter(isinstance(one, dict) for one in answers) == {True: 1, False: 19}
        assert {one for one in answers if isinstance(one, str)} == {"events.already_registered"}
        town.check_books()

    @pytest.mark.parametrize("move", ["close", "cancel"])
    def test_ends_with_closing_and_calling_off(self, town: Town, move: str) -> None:
        activity, people = town.open(session(5)), town.people(20)

        def act(number: int) -> Any:
            if number == 20:
                return town.move(move, activity["id"])
            return tried(lambda: town.register(activity, people[number]))

        answers = at_once(act, 21)[:20]
        registered = [one for one in answers if isinstance(one, dict)]
        assert {one for one in answers if isinstance(one, str)} <= {registrations.RegistrationClosed.code}
        town.settle()
        live = town.count("select count(*) from registrations where state in ('confirmed', 'waiting')")
        assert live == (len(registered) if move == "close" else 0)
        assert town.announced("registration.voided") == (0 if move == "close" else len(registered))
        town.check_books()

    def test_never_ends_above_a_capacity_that_is_lowered_meanwhile(self, town: Town) -> None:
        activity, people = town.open(session(20)), town.people(30)
        fewer = [{**session(10), "id": activity["sessions"][0]["id"]}]

        def act(number: int) -> Any:
            if number == 30:
                return tried(lambda: town.change(activity, sessions=fewer))
            return town.register(activity, people[number])

        changed = at_once(act, 31)[30]
        expected = 20 if changed == "events.capacity_too_small" else 10
        assert town.seats(activity) == [(expected, 30 - expected)]
        town.check_books()


class TestSeatsThatComeFree:
    @pytest.mark.parametrize("promotion", ["automatic", "offer"])
    def test_cancelling_and_registering_at_once_pass_nobody_by(self, town: Town, promotion: str) -> None:
        activity = town.open(session(10), promotion=promotion)
        seated = [town.register(activity, person) for person in town.people(10)]
        queue = [town.register(activity, person) for person in town.people(15)]
        late = town.people(10)

        def act(number: int) -> Any:
            if number < 10:
                return town.cancel(seated[number])
            return town.register(activity, late[number - 10])

        newcomers = at_once(act, 20)[10:]
        assert {one["state"] for one in newcomers} == {"waiting"}
        given = "confirmed" if promotion == "automatic" else "offered"
        assert town.states(*queue) == [given] * 10 + ["waiting"] * 5
        town.check_books()

    def test_a_seat_given_up_twice_at_once_is_given_on_once(self, town: Town) -> None:
        activity = town.open(session(1))
        first, *queue = [town.register(activity, person) for person in town.people(5)]
        answers = at_once(lambda _: tried(lambda: town.cancel(first)), 10)
        assert Counter(isinstance(one, dict) for one in answers) == {True: 1, False: 9}
        assert town.states(*queue) == ["confirmed", "waiting", "waiting", "waiting"]
        town.check_books()

    def test_the_whole_queue_leaving_at_once_while_seats_come_free(self, town: Town) -> None:
        activity = town.open(session(5))
        found = [town.register(activity, person) for person in town.people(25)]
        at_once(lambda number: town.cancel(found[number]), 25)
        assert town.states(*found) == ["cancelled"] * 25
        assert town.seats(activity) == [(0, 0)]

    def test_accepting_refusing_and_lapsing_at_once_have_one_outcome(self, town: Town) -> None:
        activity = town.open(session(1), promotion="offer", offer_hours=1)
        first, second, third = (town.register(activity, person) for person in town.people(3))
        town.cancel(first)

        def lapse() -> None:
            with town.work(now=NOW + HOUR, caller=PLATFORM) as work:
                waiting_list.lapse_offers(work)

        acts = [lambda: town.accept(second), lambda: town.refuse(second), lapse, lapse]
        at_once(lambda number: tried(acts[number % 4]), 8)
        states = town.states(second, third)
        assert states in (["confirmed", "waiting"], ["refused", "offered"], ["lapsed", "offered"])
        ends = sum(town.announced(f"registration.{what}") for what in ("refused", "lapsed"))
        assert ends == (0 if states[0] == "confirmed" else 1)
        town.check_books()


class TestTimers:
    def test_of_several_replicas_do_each_thing_once(self, town: Town) -> None:
        activities = [town.open(session(3), promotion="offer", offer_hours=1) for _ in range(4)]
        for activity in activities:
            found = [town.register(activity, person) for person in town.people(6)]
            for one in found[:3]:
                town.cancel(one)
        at_once(lambda _: town.settle(now=NOW + HOUR), 4)
        town.settle(now=NOW + HOUR)
        assert town.announced("registration.lapsed") == 12
        called_off = town.open(session(3))
        for person in town.people(9):
            town.register(called_off, person)
        town.move("cancel", called_off["id"])
        at_once(lambda _: town.settle(), 4)
        town.settle()
        assert town.announced("registration.voided") == 9
        town.check_books()


class TestTheDoor:
    def test_checking_in_and_cancelling_at_once_do_one_of_both(self, town: Town) -> None:
        activity = town.open(session(10))
        found = [town.register(activity, person) for person in town.people(10)]
        tokens = [town.ticket(one) for one in found]

        def act(number: int) -> Any:
            one = number % 10
            if number < 10:
                return town.scan(tokens[one], f"n{one}")
            return tried(lambda: town.cancel(found[one], now=NOW + DAY))

        answers = at_once(act, 20)
        for scanned, cancelled in zip(answers[:10], answers[10:], strict=True):
            assert (scanned["outcome"] == "admitted") == (cancelled == "events.already_checked_in")
            assert scanned["code"] in (None, "events.no_seat")
        town.check_books()

    def test_twenty_scanners_admit_a_ticket_once_and_one_nonce_has_one_answer(self, town: Town) -> None:
        activity = town.open(session(1))
        token = town.ticket(town.register(activity, town.person()))
        answers = at_once(lambda number: town.scan(token, f"n{number}"), 20)
        assert Counter(one["code"] for one in answers) == {None: 1, "events.checked_in_before": 19}
        other = town.ticket(town.register(town.open(session(1)), town.person()))
        again = at_once(lambda _: town.scan(other, "same"), 20)
        assert {one["outcome"] for one in again} == {"admitted"} and len({one["id"] for one in again}) == 1

    def test_who_is_let_in_while_the_books_are_closed_is_counted_or_refused(self, town: Town) -> None:
        activity = town.open(session(20, starts_at=NOW - HOUR))
        tokens = [town.ticket(town.register(activity, person)) for person in town.people(20)]
        town.move("hold", activity["id"])

        def act(number: int) -> Any:
            if number == 20:
                return town.move("report", activity["id"])
            return town.scan(tokens[number], f"n{number}", now=NOW)

        *scans, reported = at_once(act, 21)
        admitted = [one for one in scans if one["outcome"] == "admitted"]
        assert reported["attendance"]["counted"] == len(admitted)
        assert {one["code"] for one in scans} <= {None, "events.books_closed"}

    def test_a_fair_is_held_or_called_off(self, town: Town) -> None:
        activity = town.open(session(starts_at=NOW - HOUR))
        moves = ["hold", "cancel", "close"]
        answers = at_once(lambda number: tried(lambda: town.move(moves[number % 3], activity["id"])), 9)
        assert {one for one in answers if isinstance(one, str)} == {activity_moves.MoveNotAllowed.code}
        announced = town.announced("activity.held"), town.announced("activity.cancelled")
        assert announced in ((1, 0), (0, 1))
