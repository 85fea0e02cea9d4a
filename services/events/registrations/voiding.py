"""Voiding: what becomes of the registrations of an activity that was called off.

Calling off changes the activity alone, at once. Here the registrations follow in chunks, each with its event in the same
transaction: a process that dies half-way is followed by another, and everybody is told once.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from chassis.store.work import Work
from services.events.activities import sessions
from services.events.activities.tables import Activity, Session
from services.events.registrations import rules as law
from services.events.registrations.statements import TABLE, tell

CHUNK = 200


def void_registrations(work: Work) -> bool:
    """Void a chunk of the registrations of one activity that was called off; true when there may be more."""
    waiting = select(Activity.id).where(Activity.is_voiding).order_by(Activity.id).limit(1)
    activity_id = work.session.scalar(waiting.with_for_update(skip_locked=True))
    if activity_id is None:
        return False
    live = select(TABLE.c.session_id).where(TABLE.c.activity_id == activity_id, TABLE.c.state.in_(law.LIVE))
    session_id = work.session.scalar(live.limit(1))
    if session_id is None:
        work.session.execute(update(Activity).where(Activity.id == activity_id).values(is_voiding=False))
    else:
        _void(work, sessions.lock_session(work, session_id))
    return True


def _void(work: Work, session: Any) -> None:
    asked = select(TABLE).where(
        TABLE.c.activity_id == session.activity_id, TABLE.c.session_id == session.id, TABLE.c.state.in_(law.LIVE)
    )
    chunk = asked.order_by(TABLE.c.number).limit(CHUNK).with_for_update()
    before = {row["id"]: row["state"] for row in work.session.connection().execute(chunk).mappings()}
    values = {"state": law.VOIDED, "offer_expires_at": None, "checked_in_at": None, "version": TABLE.c.version + 1}
    voided = update(TABLE).where(TABLE.c.id.in_(before)).values(values).returning(*TABLE.c)
    for row in sorted(work.session.connection().execute(voided).mappings(), key=lambda row: row["number"]):
        tell(work, row, session, law.VOIDED, from_state=before[row["id"]], reason=session.cancel_reason)
    seats = sum(state in law.SEATED for state in before.values())
    left = update(Session).where(Session.id == session.id)
    work.session.execute(
        left.values(seats_taken=Session.seats_taken - seats, waiting=Session.waiting - (len(before) - seats))
    )
