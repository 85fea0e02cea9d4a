"""Voiding: what becomes of the registrations of a cancelled activity.

Cancelling changes the activity alone, at once. Its registrations follow in chunks, each with its event in the same transaction:
when a process dies half-way, another goes on, and each registration is voided once.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select, update

from chassis.store.work import Work
from services.events import activities
from services.events.activities import sessions
from services.events.registrations import rules as law
from services.events.registrations.statements import TABLE, record_and_announce

CHUNK = 200


def void_registrations(work: Work) -> bool:
    """Void a chunk of the registrations of one cancelled activity; true when there may be more."""
    activity_id = activities.lock_voiding(work)
    if activity_id is None:
        return False
    live = select(TABLE.c.session_id).where(TABLE.c.activity_id == activity_id, TABLE.c.state.in_(law.LIVE))
    session_id = work.session.scalar(live.limit(1))
    if session_id is None:
        activities.end_voiding(work, activity_id)
    else:
        _void(work, sessions.lock_session(work, session_id))
    return True


def _void(work: Work, session: Row[Any]) -> None:
    statement = select(TABLE).where(
        TABLE.c.activity_id == session.activity_id, TABLE.c.session_id == session.id, TABLE.c.state.in_(law.LIVE)
    )
    chunk = statement.order_by(TABLE.c.number).limit(CHUNK).with_for_update()
    before = {row["id"]: row["state"] for row in work.session.connection().execute(chunk).mappings()}
    values = {"state": law.VOIDED, "offer_expires_at": None, "checked_in_at": None, "version": TABLE.c.version + 1}
    voided = update(TABLE).where(TABLE.c.id.in_(before)).values(values).returning(*TABLE.c)
    for row in sorted(work.session.connection().execute(voided).mappings(), key=lambda row: row["number"]):
        record_and_announce(
            work,
            "events.registration.voided.v1",
            row,
            session,
            from_state=before[row["id"]],
            reason=session.cancel_reason,
        )
    seats = sum(state in law.SEATED for state in before.values())
    sessions.count(work, session.id, seats=-seats, waiting=seats - len(before))
