"""A seat that comes free goes to the next in the list, in the transaction that frees it."""

from __future__ import annotations

import pytest

from services.events.registrations import waiting_list
from tests.events.conftest import DAY, HOUR, NOW, Town, session


class TestPromotion:
    def test_gives_a_cancelled_seat_to_the_first_who_waits(self, town: Town) -> None:
        activity = town.open(session(1))
        found = [town.register(activity, person) for person in town.people(3)]
        assert town.cancel(found[0])["state"] == "cancelled"
        assert town.states(*found) == ["cancelled", "confirmed", "waiting"]
        assert [one["position"] for one in map(town.seen, found)] == [None, None, 1]
        assert (town.announced("registration.cancelled"), town.announced("registration.promoted")) == (1, 1)
        town.check_books()

    def test_moves_nobody_up_when_somebody_leaves_the_list(self, town: Town) -> None:
        activity = town.open(session(1))
        found = [town.register(activity, person) for person in town.people(3)]
        town.cancel(found[1])
        assert town.states(*found) == ["confirmed", "cancelled", "waiting"]
        assert town.seats(activity) == [(1, 1)]

    def test_goes_on_after_closing_and_stops_when_held_or_called_off(self, town: Town) -> None:
        activity = town.open(session(1, starts_at=NOW - HOUR))
        found = [town.register(activity, person) for person in town.people(3)]
        town.move("close", activity["id"])
        town.cancel(found[0])
        assert town.states(*found) == ["cancelled", "confirmed", "waiting"]
        town.move("hold", activity["id"])
        town.cancel(found[1])
        town.settle()
        assert town.states(*found) == ["cancelled", "cancelled", "unplaced"]

    def test_is_refused_to_who_has_nothing_left(self, town: Town) -> None:
        activity = town.open(session(1))
        registration = town.register(activity, town.person())
        town.cancel(registration)
        with pytest.raises(waiting_list.RegistrationNotLive) as refused:
            town.cancel(registration)
        assert "（已取消）" in refused.value.zh_text() and "it is cancelled" in refused.value.en_text()
        for move in (town.accept, town.refuse):
            with pytest.raises(waiting_list.NoOffer):
                move(registration)

    def test_a_newcomer_waits_behind_those_who_wait_even_if_a_seat_is_free(self, town: Town) -> None:
        """More seats come free at once than one transaction hands on: meanwhile nobody overtakes those who wait."""
        activity = town.open(session(1))
        queue = [town.register(activity, person) for person in town.people(1 + waiting_list.CHUNK + 20)]
        room = {**session(waiting_list.CHUNK + 10), "id": activity["sessions"][0]["id"]}
        town.change(activity, sessions=[room])
        assert town.seats(activity) == [(waiting_list.CHUNK + 1, 20)], "the chunk of the change itself"
        late = town.register(activity, town.person())
        assert (late["state"], late["position"]) == ("waiting", 21)
        town.settle()
        assert town.seats(activity) == [(waiting_list.CHUNK + 10, 12)]
        assert town.states(*queue[-11:]) == ["waiting"] * 11 and town.states(queue[-12]) == ["confirmed"]
        town.check_books()


class TestOffers:
    def test_hold_the_seat_until_they_are_accepted(self, town: Town) -> None:
        activity = town.open(session(1), promotion="offer", offer_hours=2)
        first, second = (town.register(activity, person) for person in town.people(2))
        town.cancel(first)
        offered = town.seen(second)
        assert (offered["state"], offered["offer_expires_at"]) == ("offered", NOW + 2 * HOUR)
        assert town.register(activity, town.person())["state"] == "waiting"
        assert town.accept(second)["state"] == "confirmed"
        assert (town.announced("registration.offered"), town.announced("registration.confirmed")) == (1, 2)
        town.check_books()

    def test_go_to_the_next_when_refused(self, town: Town) -> None:
        activity = town.open(session(1), promotion="offer")
        found = [town.register(activity, person) for person in town.people(3)]
        town.cancel(found[0])
        assert town.refuse(found[1])["state"] == "refused"
        assert town.states(*found) == ["cancelled", "refused", "offered"]
        assert town.announced("registration.refused") == 1

    def test_lapse_and_go_to_the_next(self, town: Town) -> None:
        activity = town.open(session(1), promotion="offer", offer_hours=2)
        found = [town.register(activity, person) for person in town.people(3)]
        town.cancel(found[0])
        town.settle(now=NOW + 2 * HOUR - DAY / 86_400)
        assert town.states(*found) == ["cancelled", "offered", "waiting"]
        late = NOW + 2 * HOUR
        with pytest.raises(waiting_list.OfferLapsed):
            town.accept(found[1], now=late)
        town.settle(now=late)
        assert town.states(*found) == ["cancelled", "lapsed", "offered"]
        assert town.seen(found[2])["offer_expires_at"] == late + 2 * HOUR
        assert town.announced("registration.lapsed") == 1
        town.check_books()

    def test_end_with_the_beginning_of_the_session_and_then_seats_are_given_at_once(self, town: Town) -> None:
        activity = town.open(session(1), promotion="offer")
        found = [town.register(activity, person) for person in town.people(3)]
        town.cancel(found[0], now=NOW + DAY - HOUR)
        assert town.seen(found[1])["offer_expires_at"] == NOW + DAY
        town.settle(now=NOW + DAY)
        assert town.states(*found) == ["cancelled", "lapsed", "confirmed"]

    def test_lapse_in_chunks_each_announced_once(self, town: Town) -> None:
        count = waiting_list.CHUNK + 5
        activity = town.open(session(count), promotion="offer", offer_hours=1)
        seated = [town.register(activity, person) for person in town.people(count)]
        queue = [town.register(activity, person) for person in town.people(count)]
        for one in seated:
            town.cancel(one)
        assert set(town.states(*queue)) == {"offered"}
        town.settle(now=NOW + HOUR)
        assert set(town.states(*queue)) == {"lapsed"}
        assert town.announced("registration.lapsed") == count
        assert town.seats(activity) == [(0, 0)]


class TestCallingOff:
    def test_voids_every_live_registration_and_tells_each_once(self, town: Town) -> None:
        activity = town.open(session(2), session(1, starts_at=NOW + 2 * DAY))
        first, second = (one["id"] for one in activity["sessions"])
        found = [town.register(activity, person, session_id=first) for person in town.people(4)]
        found += [town.register(activity, person, session_id=second) for person in town.people(2)]
        town.cancel(found[3])
        town.move("cancel", activity["id"])
        town.settle()
        assert town.states(*found) == ["voided"] * 3 + ["cancelled"] + ["voided"] * 2
        assert town.announced("registration.voided") == 5
        assert town.seats(activity) == [(0, 0), (0, 0)]
        reasons = town.rows(
            "select distinct cast(body as jsonb)->'data'->>'reason' from outbox where type like '%voided%'"
        )
        assert reasons == [("暴雨",)]
        town.settle()
        assert town.announced("registration.voided") == 5

    def test_gives_no_seat_on_while_it_voids(self, town: Town) -> None:
        activity = town.open(session(1))
        found = [town.register(activity, person) for person in town.people(2)]
        town.move("cancel", activity["id"])
        town.cancel(found[0])
        assert town.states(*found) == ["cancelled", "waiting"]
        town.settle()
        assert town.states(*found) == ["cancelled", "voided"]
        assert town.announced("registration.promoted") == 0
