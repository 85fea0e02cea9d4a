"""The waiting list (候补): how a registration goes on, and which registration gets a seat that comes free.

Every move starts with the lock of the session's row, and a seat that comes free is given to the next in the same transaction,
so that no later registration can take it. Not here: joining the list (``registrations``), the SQL (``statements``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update

from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.events import registrations
from services.events.activities import sessions
from services.events.activities.rules import MOVING, SCHEDULED
from services.events.registrations import rules as law
from services.events.registrations import statements
from services.events.registrations.statements import TABLE, record_and_announce

#: Seats given, or offers lapsed, in one transaction.
CHUNK = 100


class RegistrationNotLive(Refusal):
    """The registration was cancelled, refused, lapsed or voided before."""

    kind = "conflict"
    code = "events.registration_not_live"
    zh = "该报名已失效（{state_zh}）。"
    en = "This registration is no longer live: it is {state}."


class AlreadyCheckedIn(Refusal):
    """A person who was admitted cannot give up the seat."""

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
    leave(work, "events.registration.cancelled.v1", session, row, law.CANCELLED)
    return registrations.get_registration(work, registration_id=registration_id)


def refuse_offer(work: Work, *, registration_id: UUID) -> dict[str, Any]:
    """Leave the seat to the next. Raises RegistrationNotFound, NoOffer."""
    session, row = _locked(work, registration_id)
    if row["state"] != law.OFFERED:
        raise NoOffer()
    leave(work, "events.registration.refused.v1", session, row, law.REFUSED)
    return registrations.get_registration(work, registration_id=registration_id)


def accept_offer(work: Work, *, registration_id: UUID) -> dict[str, Any]:
    """Take the seat. Raises RegistrationNotFound, NoOffer, OfferLapsed."""
    session, row = _locked(work, registration_id)
    if row["state"] != law.OFFERED or not _is_moving(session):
        raise NoOffer()
    if not law.is_still_offered(row["offer_expires_at"], work.now):
        raise OfferLapsed()
    after = _write(work, row, law.CONFIRMED)
    record_and_announce(work, "events.registration.confirmed.v1", after, session, from_state=law.OFFERED)
    return registrations.get_registration(work, registration_id=registration_id)


def _locked(work: Work, registration_id: UUID) -> tuple[Row[Any], Mapping[Any, Any]]:
    """The session, then the registration: in this order everywhere, and a check-in locks the latter alone."""
    session = sessions.lock_session(work, statements.session_of(work, registration_id))
    statement = select(TABLE).where(TABLE.c.id == registration_id).with_for_update()
    return session, work.session.connection().execute(statement).mappings().one()


def leave(
    work: Work, event_type: str, session: Row[Any], row: Mapping[Any, Any], state: str, *, reason: str | None = None
) -> None:
    """End a live registration, of which session and row are locked; what comes free goes to the next."""
    sessions.count(work, session.id, **{"seats" if row["state"] in law.SEATED else "waiting": -1})
    after = _write(work, row, state)
    record_and_announce(work, event_type, after, session, from_state=row["state"], reason=reason)
    promote_waiting(work, sessions.lock_session(work, session.id))


def _write(work: Work, row: Mapping[Any, Any], state: str) -> Mapping[Any, Any]:
    changed = update(TABLE).where(TABLE.c.id == row["id"])
    values = {"state": state, "offer_expires_at": None, "version": row["version"] + 1}
    return work.session.connection().execute(changed.values(values).returning(*TABLE.c)).mappings().one()


def _is_moving(session: Row[Any]) -> bool:
    return session.activity_state in MOVING and session.state == SCHEDULED


def limit_offers(work: Work, session: Row[Any]) -> None:
    """Let no offer of a locked session outlive its start, where that has been moved."""
    outliving = update(TABLE).where(TABLE.c.session_id == session.id, TABLE.c.state == law.OFFERED)
    outliving = outliving.where(TABLE.c.offer_expires_at > session.starts_at)
    work.session.execute(outliving.values(offer_expires_at=session.starts_at))


def renew_offers(work: Work, session: Row[Any]) -> None:
    """Let the offers of a locked session that is reopened last as long as new ones, where they would lapse earlier."""
    until = law.offer_until(session.offer_hours, starts_at=session.starts_at, now=work.now)
    lapsing = update(TABLE).where(TABLE.c.session_id == session.id, TABLE.c.state == law.OFFERED)
    work.session.execute(lapsing.where(TABLE.c.offer_expires_at < until).values(offer_expires_at=until))


def promote_waiting(work: Work, session: Row[Any]) -> int:
    """Give the free seats of a locked session to those who wait, in their order; how many were given."""
    seats = min(session.capacity - session.seats_taken, session.waiting, CHUNK)
    if seats <= 0 or not _is_moving(session) or session.ends_at <= work.now:
        return 0
    state, expires_at = law.promotion_of(
        session.promotion, offer_hours=session.offer_hours, starts_at=session.starts_at, now=work.now
    )
    promotion = {"session_id": session.id, "seats": seats, "state": state, "offer_expires_at": expires_at}
    promoted = work.session.connection().execute(statements.PROMOTE, promotion).mappings().all()
    sessions.count(work, session.id, seats=len(promoted), waiting=-len(promoted))
    event_type = "events.registration.offered.v1" if state == law.OFFERED else "events.registration.promoted.v1"
    for row in sorted(promoted, key=lambda row: row["number"]):
        record_and_announce(work, event_type, row, session, from_state=law.WAITING)
    return len(promoted)


# -- by the timers; a session another transaction has locked is left to the next round

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
    """Let the overdue offers of one session lapse and give their seats to the next; true when there may be more."""
    session_id = work.session.scalar(statements.LOCK_LAPSING, {"now": work.now, "chunk": CHUNK})
    if session_id is None:
        return False
    session = sessions.lock_session(work, session_id)
    lapsed = work.session.connection().execute(_LAPSE, {"of": session_id, "now": work.now}).mappings().all()
    sessions.count(work, session_id, seats=-len(lapsed))
    for row in sorted(lapsed, key=lambda row: row["number"]):
        record_and_announce(work, "events.registration.lapsed.v1", row, session, from_state=law.OFFERED)
    promote_waiting(work, sessions.lock_session(work, session_id))
    return True


def fill_seats(work: Work) -> bool:
    """Give the free seats of one session whose list is longer than a chunk; true when there may be more."""
    session_id = sessions.lock_unfilled(work)
    return session_id is not None and promote_waiting(work, sessions.lock_session(work, session_id)) > 0
