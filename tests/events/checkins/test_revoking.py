"""A check-in that was a mistake is taken back by the activity's department, once, and the ticket admits again."""

from __future__ import annotations

from typing import Any

import pytest

from services.events.checkins import revoking
from services.events.registrations import waiting_list
from tests.events.conftest import DAY, HOUR, NOW, OTHERS, Town, session
from tests.support.threads import at_once

START = NOW + DAY


def let_in(town: Town, **chosen: Any) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """A registration, its ticket and its check-in."""
    registration = town.register(town.open(session(2), **chosen), town.person())
    ticket = town.ticket(registration)
    return registration, ticket, town.scan(ticket, "n1")


class TestRevokeCheckIn:
    def test_leaves_the_registration_as_before_and_the_scan_as_a_fact(self, town: Town) -> None:
        registration, ticket, checkin = let_in(town)
        revoked = town.revoke(checkin)
        assert (revoked["outcome"], revoked["revoked_at"], revoked["revoke_reason"]) == ("admitted", START, "误扫")
        seen = town.seen(registration)
        assert (seen["state"], seen["checked_in_at"], seen["version"]) == ("confirmed", None, 3)
        assert town.seats({"id": registration["activity_id"]}) == [(1, 0)]
        steps = town.rows("select from_state, to_state, reason from history where subject = 'checkin' order by id")
        assert steps == [(None, "admitted", None), ("admitted", "revoked", "误扫")]
        (announced,) = town.events("checkin.revoked")
        assert (announced["checkin_id"], announced["version"]) == (str(checkin["id"]), 2)
        assert "误扫" not in str(announced)
        again = town.scan(ticket, "n1")
        assert (again["id"], again["replayed"], again["revoked_at"]) == (checkin["id"], True, START)
        assert town.scan(ticket, "n2")["outcome"] == "admitted"
        town.check_books()

    def test_is_done_once_however_often_it_is_asked_for(self, town: Town) -> None:
        registration, ticket, checkin = let_in(town)
        answers = at_once(lambda number: town.revoke(checkin, reason=f"误扫{number}"), 8)
        assert len({one["revoke_reason"] for one in answers}) == 1
        assert town.announced("checkin.revoked") == 1
        assert town.scan(ticket, "n2")["outcome"] == "admitted"
        town.revoke(checkin)
        assert town.seen(registration)["checked_in_at"] == START, "the second check-in stays"

    def test_frees_who_may_cancel_again(self, town: Town) -> None:
        registration, _, checkin = let_in(town)
        with pytest.raises(waiting_list.AlreadyCheckedIn):
            town.cancel(registration)
        town.revoke(checkin)
        assert town.cancel(registration)["state"] == "cancelled"

    def test_is_the_departments_of_the_activity_and_of_scans_that_admitted(self, town: Town) -> None:
        registration, ticket, checkin = let_in(town)
        with pytest.raises(revoking.CheckInNotFound):
            town.revoke(checkin, caller=OTHERS)
        with pytest.raises(revoking.CheckInNotFound):
            town.revoke(registration)
        with pytest.raises(revoking.CheckInNotAdmitted):
            town.revoke(town.scan(ticket, "n2"))

    def test_counts_no_more_and_once_counted_stays(self, town: Town) -> None:
        activity = town.open(session(2))
        first, second = (town.ticket(town.register(activity, person)) for person in town.people(2))
        one, other = town.scan(first, "n1"), town.scan(second, "n2")
        town.revoke(one)
        town.move("hold", activity["id"], now=START + HOUR)
        assert town.move("report", activity["id"])["attendance"]["counted"] == 1
        with pytest.raises(revoking.BooksClosed):
            town.revoke(other)
        assert town.revoke(one)["revoke_reason"] == "误扫"

    def test_of_a_confidential_kind_nobody_is_told(self, town: Town) -> None:
        _, _, checkin = let_in(town, kind="matchmaking")
        town.revoke(checkin)
        assert town.announced("checkin.revoked") == 0
