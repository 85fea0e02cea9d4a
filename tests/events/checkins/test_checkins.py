"""A scan at the door is answered once: admitted, or refused with a reason, the same for the same nonce."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from chassis.ground.ids import uuid7
from chassis.keys import signed_tokens
from chassis.keys.rings import KeyProblem
from chassis.store.work import Caller
from services.events import checkins, tickets
from services.events.registrations import waiting_list
from services.events.registrations.statements import RegistrationNotFound
from tests.events.conftest import DAY, DOOR, HOUR, NOW, OTHERS, Town, session
from tests.support.signing_keys import write_keys

START = NOW + DAY
DEVICE = replace(DOOR, client_id="door-1", department="any", client_type="device")


def seated(town: Town) -> dict[str, Any]:
    return town.register(town.open(session(2)), town.person())


class TestTicket:
    def test_is_verified_offline_with_the_public_key_alone(self, town: Town, tmp_path: Path) -> None:
        registration = seated(town)
        private = json.loads((tmp_path / "keys.json").read_text())["keys"][0]
        public = OKPKey.import_key({name: value for name, value in private.items() if name != "d"})
        opened = jws.deserialize_compact(town.ticket(registration), public, algorithms=["Ed25519"])
        assert opened.headers() == {"alg": "Ed25519", "kid": "k1", "typ": "youthcity-ticket+jws"}
        claims = json.loads(opened.payload)
        assert set(claims) == {"registration_id", "activity_id", "holder", "iat", "exp"}
        assert claims["exp"] == int((START + 4 * HOUR).timestamp())

    def test_is_issued_for_a_confirmed_registration_alone(self, town: Town) -> None:
        activity = town.open(session(1), promotion="offer")
        first, second, third = (town.register(activity, person) for person in town.people(3))
        town.cancel(first)
        for registration in (first, second, third):
            with pytest.raises(tickets.NoSeat):
                town.ticket(registration)
        assert town.ticket(town.accept(second))
        with pytest.raises(RegistrationNotFound):
            town.ticket({"id": uuid7()})

    def test_belongs_to_the_keys_of_the_database(self, town: Town, tmp_path: Path) -> None:
        write_keys(tmp_path / "others.json", "k1")
        others = tickets.TicketKeys.from_file(tmp_path / "others.json", is_dev=True)
        with town.work() as work:
            signed_tokens.prove(work, town.keys)
        with town.work() as work, pytest.raises(KeyProblem):
            signed_tokens.prove(work, others)
        with pytest.raises(tickets.TicketUnreadable):
            others.read(town.ticket(seated(town)))


class TestCheckIn:
    def test_admits_once_and_tells_of_it(self, town: Town) -> None:
        registration = seated(town)
        token = town.ticket(registration)
        first = town.scan(token, "n1")
        assert (first["outcome"], first["holder"], first["replayed"]) == ("admitted", "张*", False)
        assert town.seen(registration)["checked_in_at"] == START
        second = town.scan(token, "n2")
        assert (second["outcome"], second["code"]) == ("refused", "events.checked_in_before")
        assert second["reason"]["zh-CN"]
        assert town.announced("checkin.recorded") == 1
        states = town.rows("select to_state, reason from history where subject = 'checkin' order by to_state")
        assert states == [("admitted", None), ("refused", "events.checked_in_before")]

    def test_refuses_the_ticket_of_a_registration_that_was_cancelled(self, town: Town) -> None:
        registration = seated(town)
        token = town.ticket(registration)
        town.cancel(registration)
        assert town.scan(token, "n1")["code"] == "events.no_seat"
        assert town.announced("checkin.recorded") == 0

    def test_keeps_the_seat_of_who_is_in(self, town: Town) -> None:
        registration = seated(town)
        town.scan(town.ticket(registration), "n1")
        with pytest.raises(waiting_list.AlreadyCheckedIn):
            town.cancel(registration)

    @pytest.mark.parametrize(
        ("at", "code"),
        [
            (START - 3 * HOUR - dt.timedelta(seconds=1), "events.doors_not_open"),
            (START - 3 * HOUR, None),
            (START + 4 * HOUR - dt.timedelta(seconds=1), None),
            (START + 4 * HOUR, "events.session_over"),
        ],
    )
    def test_goes_by_the_hours_of_the_session(self, town: Town, at: dt.datetime, code: str | None) -> None:
        assert town.scan(town.ticket(seated(town)), "n1", now=at)["code"] == code

    def test_a_ticket_goes_with_its_session_wherever_that_is_moved(self, town: Town) -> None:
        """Drawn before it was put off, prolonged, or shortened: the door goes by the hours there are."""
        activity = town.open(session(5))
        tokens = [town.ticket(town.register(activity, person)) for person in town.people(3)]
        hours = {**session(5, hours=8), "id": activity["sessions"][0]["id"]}
        longer = town.change(activity, sessions=[hours])
        assert town.scan(tokens[0], "n0", now=START + 7 * HOUR)["outcome"] == "admitted"
        week = START + 7 * DAY
        later = town.change(longer, sessions=[{**hours, "starts_at": week, "ends_at": week + 4 * HOUR}])
        assert town.scan(tokens[1], "n1", now=START)["code"] == "events.doors_not_open"
        assert town.scan(tokens[1], "n2", now=week + 3 * HOUR)["outcome"] == "admitted"
        town.change(later, sessions=[{**hours, "starts_at": week, "ends_at": week + HOUR}])
        assert town.scan(tokens[2], "n3", now=week + 2 * HOUR)["code"] == "events.session_over"

    def test_refuses_the_ticket_for_another_door_than_the_one_that_is_named(self, town: Town) -> None:
        activity, other = town.open(session(1), session(1)), town.open()
        here, there = (one["id"] for one in activity["sessions"])
        token = town.ticket(town.register(activity, town.person(), session_id=here))
        bound = replace(DEVICE, bound_to=frozenset({str(activity["id"]), str(other["id"])}))
        for caller in (DOOR, bound):
            for door in ({"activity_id": other["id"]}, {"session_id": there}, {"activity_id": here}):
                with pytest.raises(checkins.WrongDoor) as refused:
                    town.scan(token, "n1", caller=caller, **door)
                assert refused.value.code == "events.wrong_door"
        assert town.count("select count(*) from checkins") == 0
        named = {"activity_id": activity["id"], "session_id": here}
        assert town.scan(token, "n1", caller=bound, **named)["outcome"] == "admitted"

    def test_takes_late_scans_of_an_offline_door_until_the_books_are_closed(self, town: Town) -> None:
        activity = town.open(session(3))
        found = [town.register(activity, person) for person in town.people(3)]
        tokens = [town.ticket(one) for one in found]
        town.move("hold", activity["id"], now=START + HOUR)
        late = {"now": START + 2 * DAY, "at": START + HOUR}
        assert town.scan(tokens[0], "n1", **late)["outcome"] == "admitted"
        assert town.seen(found[0])["checked_in_at"] == START + HOUR
        reported = town.move("report", activity["id"], attendance_stated=3)
        assert reported["attendance"] == {"counted": 1, "stated": 3}
        assert town.scan(tokens[1], "n2", **late)["code"] == "events.books_closed"

    def test_goes_by_the_door_a_device_is_bound_to_and_uses_no_ticket_at_another(self, town: Town) -> None:
        activity, other = town.open(session(1), session(1)), town.open()
        ours, theirs = (str(one["id"]) for one in (activity, other))
        here, there = (one["id"] for one in activity["sessions"])
        registration = town.register(activity, town.person(), session_id=here)
        token = town.ticket(registration)
        for bound_to in ({theirs}, {str(there)}, set()):
            with pytest.raises(checkins.WrongDoor):
                town.scan(token, "n1", caller=replace(DEVICE, bound_to=frozenset(bound_to)))
        assert town.count("select count(*) from checkins") == 0
        admitted = town.scan(token, "n1", caller=replace(DEVICE, bound_to=frozenset({str(here)})))
        assert admitted["outcome"] == "admitted"
        again = town.scan(token, "n2", caller=replace(DEVICE, bound_to=frozenset({theirs, ours})))
        assert again["code"] == "events.checked_in_before"

    def test_is_the_departments_of_the_activity_where_there_is_no_device(self, town: Town) -> None:
        token = town.ticket(seated(town))
        with pytest.raises(checkins.WrongDoor):
            town.scan(token, "n1", caller=OTHERS)
        assert town.scan(token, "n1")["outcome"] == "admitted"

    def test_believes_no_scan_from_before_the_ticket(self, town: Town) -> None:
        registration = town.register(town.open(session(1, starts_at=NOW - HOUR)), town.person())
        token = town.ticket(registration)
        with pytest.raises(checkins.ScanBeforeTicket):
            town.scan(token, "n1", now=NOW, at=NOW - dt.timedelta(minutes=6))
        assert town.scan(token, "n1", now=NOW, at=NOW - dt.timedelta(minutes=4))["outcome"] == "admitted"

    def test_refuses_at_a_door_of_what_was_called_off(self, town: Town) -> None:
        activity = town.open(session(1))
        token = town.ticket(town.register(activity, town.person()))
        town.move("cancel", activity["id"])
        assert town.scan(token, "n1")["code"] == "events.activity_called_off"

    def test_leaves_no_fact_of_what_is_no_scan(self, town: Town) -> None:
        token = town.ticket(seated(town))
        with pytest.raises(tickets.TicketUnreadable):
            town.scan(token[:-4] + "AAAA", "n1")
        for off in (dt.timedelta(minutes=6), -8 * DAY):
            with pytest.raises(checkins.ScanTimeImplausible):
                town.scan(token, "n3", at=START + off)
        ids = {"registration_id": str(uuid7()), "activity_id": str(uuid7())}
        issued_at = int(NOW.timestamp())
        stranger = town.keys.sign({**ids, "holder": "x", "iat": issued_at, "exp": 4_000_000_000})
        with pytest.raises(RegistrationNotFound):
            town.scan(stranger, "n4")
        assert town.count("select count(*) from checkins") == 0


class TestNonce:
    def test_gives_the_same_answer_again_refusals_included_whatever_has_become_of_it(self, town: Town) -> None:
        registration = seated(town)
        token = town.ticket(registration)
        early = town.scan(token, "n0", now=START - 5 * HOUR)
        first = town.scan(token, "n1")
        for nonce, answer in (("n0", early), ("n1", first)):
            again = town.scan(token, nonce, now=START + 30 * DAY)
            assert (again["id"], again["outcome"], again["replayed"]) == (answer["id"], answer["outcome"], True)
        assert (early["outcome"], first["outcome"]) == ("refused", "admitted")
        assert town.count("select count(*) from checkins") == 2

    def test_is_refused_for_another_ticket_and_belongs_to_its_client(self, town: Town) -> None:
        first, second = (town.ticket(seated(town)) for _ in range(2))
        town.scan(first, "n1")
        with pytest.raises(checkins.NonceReused):
            town.scan(second, "n1")
        other = Caller("door-2", "youth_league", "r", trusted=True)
        assert town.scan(second, "n1", caller=other)["outcome"] == "admitted"
