"""Changes: what happened to a session, announced to every live registration for it, once.

A change is one row, written in the transaction of the change itself: it is for those who registered before it, by their numbers.
A timer announces it in chunks, each with its events in the same transaction and with how far it has come, so a process that dies
half-way leaves the rest to another and nobody is announced twice. The changes of one session are announced one after the other,
and always with the session as it is at that moment: whichever message is read last is right.

Not here: the registrations of a cancelled activity (``voiding``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Table, delete, insert, select, text, update
from sqlalchemy.engine import RowMapping

from chassis.ground.ids import uuid7
from chassis.store.work import Work
from services.events.activities import rules as activity_law
from services.events.activities import sessions
from services.events.registrations import rules as law
from services.events.registrations.statements import TABLE, record_and_announce
from services.events.registrations.tables import SessionChange

CHANGES: Table = SessionChange.__table__  # type: ignore[assignment]
CHUNK = 200

AMENDED, SUSPENDED, REINSTATED, UNPLACED = "amended", "suspended", "reinstated", "unplaced"
_EVENT_TYPES = {
    AMENDED: "events.registration.amended.v1",
    SUSPENDED: "events.registration.suspended.v1",
    REINSTATED: "events.registration.reinstated.v1",
    UNPLACED: "events.registration.unplaced.v1",
}
#: Of a session, what its registrations are notified of; beside the title of its activity.
_TIMES = ("starts_at", "ends_at")

_NEXT = text(
    """
    select c.id, c.session_id, c.what, c.before, c.reason, c.last_number, c.done_number from session_changes c
    where not exists (select from session_changes e where e.session_id = c.session_id and e.id < c.id)
    order by c.id limit 1 for no key update of c skip locked
    """
)


def note(
    work: Work,
    what: str,
    changed: Collection[Mapping[str, Any]],
    *,
    reason: str | None = None,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Note what happened to locked sessions somebody has registered for; `before` is title, times and place as plain JSON."""
    rows = [
        {
            "id": uuid7(),
            "session_id": session["id"],
            "what": what,
            "before": before,
            "reason": reason,
            "last_number": session["last_number"],
            "done_number": 0,
            "created_at": work.now,
        }
        for session in changed
        if session["last_number"] > 0
    ]
    if rows:
        work.session.connection().execute(insert(CHANGES), rows)


def note_amended(
    work: Work, known: Mapping[Any, Mapping[str, Any]], *, before: Mapping[Any, Any], after: Mapping[Any, Any]
) -> None:
    """Note which of the `known` sessions, as they were when they were locked, have another title, time or place now. A
    cancelled one is announced as it stands when it is reopened.
    """
    if not known or after["state"] == activity_law.DRAFT:
        return
    now = {one["id"]: one for one in sessions.sessions_of(work, [after["id"]])[after["id"]]}
    amended = [
        one
        for one in known.values()
        if one["id"] in now and _facts(before["title"], one) != _facts(after["title"], now[one["id"]])
    ]
    sessions.revise(work, [one["id"] for one in amended])
    for one in amended:
        if one["state"] == activity_law.SCHEDULED:
            note(work, AMENDED, [one], before=_facts(before["title"], one))


def _facts(title: Mapping[str, Any], session: Mapping[Any, Any]) -> dict[str, Any]:
    return {"title": title, "place": session["place"], **{name: session[name].isoformat() for name in _TIMES}}


def announce_changes(work: Work) -> bool:
    """Announce one change to a chunk of the registrations it is for; true when there may be more."""
    change = work.session.connection().execute(_NEXT).one_or_none()
    if change is None:
        return False
    session = sessions.lock_session(work, change.session_id)
    chunk = _chunk(work, change) if _is_to_be_announced(change, session) else []
    if change.what == UNPLACED:
        _end(work, session, chunk)
    for row, after in zip(chunk, _written(work, change, chunk), strict=True):
        more = _before_and_after(change, session) if change.what == AMENDED else {}
        event_type = _EVENT_TYPES[change.what]
        record_and_announce(work, event_type, after, session, from_state=row["state"], reason=change.reason, more=more)
        if change.what == AMENDED and _ends_earlier(change, session, after):
            offered = "events.registration.offered.v1"
            record_and_announce(work, offered, after, session, from_state=row["state"])
    this = CHANGES.c.id == change.id
    if len(chunk) < CHUNK:
        work.session.execute(delete(CHANGES).where(this))
    else:
        work.session.execute(update(CHANGES).where(this).values(done_number=chunk[-1]["number"]))
    return True


def _is_to_be_announced(change: Row[Any], session: Row[Any]) -> bool:
    """Not of an activity that was cancelled meanwhile, nor a change that was taken back."""
    if session.activity_state == activity_law.CANCELLED:
        return False
    return bool(change.what != AMENDED or change.before != _facts(session.title, session._mapping))


def _ends_earlier(change: Row[Any], session: Row[Any], registration: Mapping[Any, Any]) -> bool:
    """Whether an offer ends with the start of the session, and that is earlier than it was."""
    is_earlier = session.starts_at < dt.datetime.fromisoformat(change.before["starts_at"])
    return bool(is_earlier and registration["offer_expires_at"] == session.starts_at)


def _chunk(work: Work, change: Row[Any]) -> Sequence[RowMapping]:
    """The next live registrations the change is for, locked."""
    states = law.UNDECIDED if change.what == UNPLACED else law.LIVE
    wanted = select(TABLE).where(
        TABLE.c.session_id == change.session_id,
        TABLE.c.state.in_(states),
        TABLE.c.number > change.done_number,
        TABLE.c.number <= change.last_number,
    )
    chunk = wanted.order_by(TABLE.c.number).limit(CHUNK).with_for_update()
    return work.session.connection().execute(chunk).mappings().all()


def _end(work: Work, session: Row[Any], chunk: Sequence[RowMapping]) -> None:
    offered = sum(row["state"] == law.OFFERED for row in chunk)
    sessions.count(work, session.id, seats=-offered, waiting=offered - len(chunk))


def _written(work: Work, change: Row[Any], chunk: Sequence[RowMapping]) -> Sequence[RowMapping]:
    """The next version of each, in their order."""
    values: dict[str, Any] = {"version": TABLE.c.version + 1}
    if change.what == UNPLACED:
        values |= {"state": law.UNPLACED, "offer_expires_at": None}
    written = update(TABLE).where(TABLE.c.id.in_([row["id"] for row in chunk])).values(values).returning(*TABLE.c)
    found = work.session.connection().execute(written).mappings().all()
    return sorted(found, key=lambda row: int(row["number"]))


def _before_and_after(change: Row[Any], session: Row[Any]) -> dict[str, Any]:
    before = change.before
    return {
        "ends_at": session.ends_at.isoformat(),
        "activity_title_before": before["title"],
        "place_before": before["place"],
        **{f"{name}_before": before[name] for name in _TIMES},
    }
