"""The waiting list (候补): how a registration goes on, and who gets the seat that comes free.

Every move starts with the lock of the session's row, and a seat that comes free goes to the next in the same transaction:
nobody who comes later can take it. Not here: coming in at the end (``registrations``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, text, update

from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.events.activities import sessions
from services.events.activities.rules import MOVING
from services.events.registrations import rules as law
from services.events.registrations.statements import TABLE, get_registration, session_of, tell

#: Seats given on, or offers that lapse, in one transaction.
CHUNK = 100


class RegistrationNotLive(Refusal):
    """There is nothing left to give up: it was cancelled, refused, lapsed or voided before."""

    kind = "conflict"
    code = "events.registration_not_live"
    zh = "该报名已失效（{state_zh}）。"
    en = "This registration is no longer live: it is {state}."


class AlreadyCheckedIn(Refusal):
    """Who has been let in cannot give the seat up."""

    kind = "conflict"
    code = "events.already_checked_in"
    zh = "该人员已签到，不能取消报名。"
    en = "This person has checked in; the registration cannot be cancelled."


class NoOffer(Refusal):
    """There is no offer to be accepted or refused."""

    kind = "conflict"
    code = "events.no_offer"
    zh = "该报名当前没有待确认的名额。"
    en = "No seat is on offer to this registration."


class OfferLapsed(Refusal):
    """The offer was accepted too late."""

    kind = "gone"
    code = "events.offer_lapsed"
    zh = "名额已超过确认期限；如仍需参加，请重新报名。"
    en = "The offer has lapsed. Register again to take part."


def cancel_registration(work: Work, *, registration_id: UUID) -> dict[str, Any]:
    """Give up a seat, an offer or a place in the list. Raises RegistrationNotFound, RegistrationNotLive, AlreadyCheckedIn."""
    session, row = _locked(work, registration_id)
    if row["state"] not in law.LIVE:
        raise RegistrationNotLive(state=row["state"], state_zh=law.CHINESE[row["state"]])
    if row["checked_in_at"] is not None:
        raise AlreadyCheckedIn()
    _leave(work, session, row, law.CANCELLED)
    return get_registration(work, registration_id=registration_id)


def refuse_offer(work: Work, *, registration_id: UUID) -> dict[str, Any]:
    """Leave the seat to the next. Raises RegistrationNotFound, NoOffer."""
    session, row = _locked(work, registration_id)
    if row["state"] != law.OFFERED:
        raise NoOffer()
    _leave(work, session, row, law.REFUSED)
    return get_registration(work, registration_id=registration_id)


def accept_offer(work: Work, *, registration_id: UUID) -> dict[str, Any]:
    """Take the seat. Raises RegistrationNotFound, NoOffer, OfferLapsed."""
    session, row = _locked(work, registration_id)
    if row["state"] != law.OFFERED or session.activity_state not in MOVING:
        raise NoOffer()
    if not law.is_still_offered(row["offer_expires_at"], work.now):
        raise OfferLapsed()
    after = _write(work, row, law.CONFIRMED)
    tell(work, after, session, "confirmed", from_state=law.OFFERED)
    return get_registration(work, registration_id=registration_id)


def _locked(work: Work, registration_id: UUID) -> tuple[Row[Any], Mapping[Any, Any]]:
    """The session, then the registration: in this order everywhere, and a check-in locks the latter alone."""
    session = sessions.lock_session(work, session_of(work, registration_id))
    asked = select(TABLE).where(TABLE.c.id == registration_id).with_for_update()
    return session, work.session.connection().execute(asked).mappings().one()


def _leave(work: Work, session: Row[Any], row: Mapping[Any, Any], state: str) -> None:
    _count(work, session.id, **{"seats" if row["state"] in law.SEATED else "waiting": -1})
    tell(work, _write(work, row, state), session, state, from_state=row["state"])
    give_on(work, sessions.lock_session(work, session.id))


def _write(work: Work, row: Mapping[Any, Any], state: str) -> Mapping[Any, Any]:
    changed = update(TABLE).where(TABLE.c.id == row["id"])
    values = {"state": state, "offer_expires_at": None, "version": row["version"] + 1}
    return work.session.connection().execute(changed.values(values).returning(*TABLE.c)).mappings().one()


_COUNT = text(
    "update sessions set seats_taken = seats_taken + :seats, waiting = waiting + :waiting where id = :session_id"
)


def _count(work: Work, session_id: UUID, *, seats: int = 0, waiting: int = 0) -> None:
    work.session.connection().execute(_COUNT, {"session_id": session_id, "seats": seats, "waiting": waiting})


# -- the next in the queue

_NEXT = text(
    "update registrations r set state = :state, offer_expires_at = :offer_expires_at, version = r.version + 1 from ("
    "select id from registrations where session_id = :session_id and state = 'waiting' order by number limit :seats"
    ") next where r.id = next.id returning r.*"
)


def give_on(work: Work, session: Row[Any]) -> int:
    """Give the free seats of a locked session to those who wait, in their order; how many were given."""
    seats = min(session.capacity - session.seats_taken, session.waiting, CHUNK)
    if seats <= 0 or session.activity_state not in MOVING or session.ends_at <= work.now:
        return 0
    state, expires_at = law.gift_of(
        session.promotion, offer_hours=session.offer_hours, starts_at=session.starts_at, now=work.now
    )
    gift = {"session_id": session.id, "seats": seats, "state": state, "offer_expires_at": expires_at}
    given = work.session.connection().execute(_NEXT, gift).mappings().all()
    _count(work, session.id, seats=len(given), waiting=-len(given))
    what = "offered" if state == law.OFFERED else "promoted"
    for row in sorted(given, key=lambda row: row["number"]):
        tell(work, row, session, what, from_state=law.WAITING)
    return len(given)


# -- by the timers; what another transaction is busy with is left to the next round

_LAPSING = text(
    "select s.id from sessions s where s.id in (select r.session_id from registrations r where r.state = 'offered'"
    " and r.offer_expires_at <= :now order by r.offer_expires_at limit :chunk)"
    " limit 1 for no key update of s skip locked"
)
_UNFILLED = text(
    "select s.id from sessions s where s.activity_state in ('open', 'closed') and s.ends_at > :now and s.waiting > 0"
    " and s.seats_taken < s.capacity order by s.ends_at limit 1 for no key update of s skip locked"
)
_LAPSE = (
    update(TABLE)
    .where(
        TABLE.c.id.in_(
            select(TABLE.c.id)
            .where(TABLE.c.session_id == bindparam("of"), TABLE.c.state == law.OFFERED)
            .where(TABLE.c.offer_expires_at <= bindparam("now"))
            .order_by(TABLE.c.offer_expires_at)
            .limit(CHUNK)
        )
    )
    .values(state=law.LAPSED, offer_expires_at=None, version=TABLE.c.version + 1)
    .returning(*TABLE.c)
)


def lapse_offers(work: Work) -> bool:
    """Let one session's offers that nobody accepted in time lapse, and give the seats on; true when there may be more."""
    session_id = work.session.scalar(_LAPSING, {"now": work.now, "chunk": CHUNK})
    if session_id is None:
        return False
    session = sessions.lock_session(work, session_id)
    lapsed = work.session.connection().execute(_LAPSE, {"of": session_id, "now": work.now}).mappings().all()
    _count(work, session_id, seats=-len(lapsed))
    for row in sorted(lapsed, key=lambda row: row["number"]):
        tell(work, row, session, law.LAPSED, from_state=law.OFFERED)
    give_on(work, sessions.lock_session(work, session_id))
    return True


def fill_seats(work: Work) -> bool:
    """Give on the free seats of one session whose list is longer than a chunk; true when there may be more."""
    session_id = work.session.scalar(_UNFILLED, {"now": work.now})
    return session_id is not None and give_on(work, sessions.lock_session(work, session_id)) > 0
