"""Sessions (场次): when and where an activity takes place, and for how many.

Lives here: writing and reading sessions, and the lock of one, under which seats change hands. Not here: who gets a seat
(``registrations``, ``waiting_list``), cancelling one and reopening it (``session_moves``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, delete, insert, select, text, update

from chassis.ground.ids import uuid7
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.events.activities import rules as law
from services.events.activities.tables import Session

TABLE: Table = Session.__table__  # type: ignore[assignment]
_STATED = ("starts_at", "ends_at", "place", "capacity")
_EMPTY = {"seats_taken": 0, "waiting": 0, "last_number": 0, "last_is_seated": False}


class SessionNotFound(Refusal):
    """The activity has no session of this id."""

    kind = "not_found"
    code = "events.session_not_found"
    zh = "该活动没有这一场次。"
    en = "The activity has no such session."


class SessionInUse(Refusal):
    """Somebody has a live registration for the session that was to go."""

    kind = "conflict"
    code = "events.session_in_use"
    zh = "该场次仍有有效报名，不能删除；可以取消该场次。"
    en = "There are live registrations for this session, so it cannot be removed. It can be cancelled."


class SessionInPast(Refusal):
    """A session that had not begun would have begun, or one that goes on would be over."""

    kind = "conflict"
    code = "events.session_in_past"
    zh = "场次不能调整到过去的时间，请选择现在以后的时间。"
    en = "A session cannot be moved into the past. Choose a time to come."


class SessionStateNotChanged(Refusal):
    """The state of a session is no field of a change."""

    kind = "unprocessable"
    code = "events.session_state_not_changed"
    zh = "场次的取消与恢复请使用各自的操作，不能通过修改活动完成。"
    en = "A session is cancelled and reopened by operations of their own, not by a change of the activity."


class CapacityTooSmall(Refusal):
    """More seats are taken than the session would have."""

    kind = "conflict"
    code = "events.capacity_too_small"
    zh = "已占用 {seats_taken} 个名额，容量不能低于该数。"
    en = "{seats_taken} seats are taken; the capacity cannot be less."


def add_sessions(work: Work, activity_id: UUID, state: str, values: Sequence[Mapping[str, Any]]) -> None:
    """Write new sessions of an activity."""
    about = {"activity_id": activity_id, "activity_state": state}
    rows = [{"id": uuid7(), **about, **_EMPTY, **{name: one[name] for name in _STATED}} for one in values]
    work.session.connection().execute(insert(TABLE), rows)


def replace_sessions(
    work: Work,
    activity_id: UUID,
    state: str,
    known: Mapping[UUID, Mapping[str, Any]],
    values: Sequence[Mapping[str, Any]],
) -> list[UUID]:
    """Make `values` the sessions of an activity, whose `known` ones are locked; returns the ids of those that stay.

    Raises SessionNotFound, SessionStateNotChanged, SessionInPast, CapacityTooSmall, SessionInUse.
    """
    kept = {one["id"]: one for one in values if one["id"] is not None}
    if not kept.keys() <= known.keys() or len(kept) != sum(one["id"] is not None for one in values):
        raise SessionNotFound()
    for one in values:
        _check(work, known.get(one["id"]), one, may_be_past=state == law.DRAFT)
    for session_id in sorted(kept):
        _change(work, session_id, kept[session_id])
    if new := [one for one in values if one["id"] is None]:
        add_sessions(work, activity_id, state, new)
    if gone := sorted(known.keys() - kept.keys()):
        _remove(work, gone)
    return sorted(kept)


def _check(work: Work, before: Mapping[str, Any] | None, after: Mapping[str, Any], *, may_be_past: bool) -> None:
    if after.get("state") not in (None, before["state"] if before else law.SCHEDULED):
        raise SessionStateNotChanged()
    if before is None or may_be_past:
        return
    times = [(one["starts_at"], one["ends_at"]) for one in (before, after)]
    if law.moves_into_past(times[0], times[1], work.now):
        raise SessionInPast()


def _change(work: Work, session_id: UUID, values: Mapping[str, Any]) -> None:
    fitting = update(TABLE).where(TABLE.c.id == session_id, TABLE.c.seats_taken <= values["capacity"])
    changed = fitting.values({name: values[name] for name in _STATED}).returning(TABLE.c.id)
    if work.session.execute(changed).one_or_none() is None:
        taken = work.session.scalar(select(TABLE.c.seats_taken).where(TABLE.c.id == session_id))
        raise CapacityTooSmall(seats_taken=taken)


def _remove(work: Work, session_ids: Sequence[UUID]) -> None:
    """One nobody ever registered for is deleted; others are kept for the registrations that ended."""
    gone = TABLE.c.id.in_(session_ids)
    work.session.execute(delete(TABLE).where(gone, TABLE.c.last_number == 0))
    left = work.session.scalars(select(TABLE.c.id).where(gone)).all()
    unused = update(TABLE).where(TABLE.c.id.in_(left), TABLE.c.seats_taken == 0, TABLE.c.waiting == 0)
    removed = unused.values(state=law.REMOVED, cancel_reason=None).returning(TABLE.c.id)
    if len(work.session.execute(removed).all()) < len(left):
        raise SessionInUse()


def locked_of(work: Work, activity_id: UUID) -> dict[UUID, dict[str, Any]]:
    """An activity's sessions by id; none is registered for, or given a seat of, until this transaction ends."""
    lock_sessions(work, [activity_id])
    return {one["id"]: one for one in sessions_of(work, [activity_id])[activity_id]}


def revise(work: Work, session_ids: Collection[UUID]) -> None:
    """Count on the revision of locked sessions: who registers meanwhile reads them again."""
    revised = update(TABLE).where(TABLE.c.id.in_(sorted(session_ids)))
    work.session.execute(revised.values(revision=TABLE.c.revision + 1))


def set_state(work: Work, session_id: UUID, state: str, *, reason: str | None) -> None:
    """Write the state of a locked session, with the reason where it is cancelled."""
    changed = update(TABLE).where(TABLE.c.id == session_id)
    work.session.execute(changed.values(state=state, cancel_reason=reason, revision=TABLE.c.revision + 1))


def sessions_of(work: Work, activity_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Each activity's sessions with their seats, by start."""
    statement = select(TABLE).where(TABLE.c.activity_id.in_(activity_ids), TABLE.c.state != law.REMOVED)
    found: dict[UUID, list[dict[str, Any]]] = {activity_id: [] for activity_id in activity_ids}
    for row in work.session.connection().execute(statement.order_by(TABLE.c.starts_at, TABLE.c.id)).mappings():
        found[row["activity_id"]].append(dict(row))
    return found


# What is decided under the lock is read from the locked row; of the activity, what needs no lock.
_LOCK = text(
    """
    select s.id, s.activity_id, s.activity_state, s.starts_at, s.ends_at, s.place, s.capacity, s.seats_taken, s.waiting,
        s.state, s.revision, a.kind, a.title, a.programme, a.promotion, a.offer_hours, a.cancel_reason, k.is_confidential
    from sessions s join activities a on a.id = s.activity_id join activity_kinds k on k.key = a.kind
    where s.id = :session_id
    for no key update of s
    """
)
# The activity comes before its sessions, as in each of its moves.
_LOCK_ALL = text(
    """
    select s.id from activities a join sessions s on s.activity_id = a.id
    where a.id = any(cast(:activity_ids as uuid[]))
    order by s.id for key share of a for no key update of s
    """
)
_COUNT = text(
    """
    update sessions set seats_taken = seats_taken + :seats, waiting = waiting + :waiting where id = :session_id
    """
)
_LOCK_UNFILLED = text(
    """
    select s.id from sessions s
    where s.activity_state in ('open', 'closed') and s.ends_at > :now and s.waiting > 0 and s.seats_taken < s.capacity
      and s.state = 'scheduled'
    order by s.ends_at limit 1 for no key update of s skip locked
    """
)
#: To be joined into the statement that inserts a registration: the session's row is locked, counted on and read in one
#: step. While somebody waits, the newest registration joins the waiting list.
TAKE_A_SEAT = """
    seat as (
        update sessions s set
            last_number = s.last_number + 1,
            last_is_seated = s.seats_taken < s.capacity and s.waiting = 0,
            seats_taken = s.seats_taken + cast(s.seats_taken < s.capacity and s.waiting = 0 as integer),
            waiting = s.waiting + cast(s.seats_taken >= s.capacity or s.waiting > 0 as integer)
        where s.id = :session_id and s.activity_state = 'open' and s.state = 'scheduled' and s.ends_at > :now
        returning s.last_number, s.last_is_seated, s.waiting, s.revision
    )
"""
#: To be joined into the statement of a check-in: the activity takes check-ins. A shared lock, which closing the books waits
#: for; the check-ins before it are counted, those after it find the door closed.
OPEN_DOOR = """
    door as (
        select id from activities where id = :activity_id and state in ('open', 'closed', 'held') for key share
    )
"""


def lock_session(work: Work, session_id: UUID) -> Row[Any]:
    """The session with fields of its activity; no other transaction gives or frees seats of it until this one ends."""
    return work.session.connection().execute(_LOCK, {"session_id": session_id}).one()


def lock_sessions(work: Work, activity_ids: Collection[UUID]) -> None:
    """Lock all sessions of these activities, in one order for all: meanwhile no registration begins."""
    work.session.connection().execute(_LOCK_ALL, {"activity_ids": sorted(activity_ids)}).all()


def lock_unfilled(work: Work) -> UUID | None:
    """A session with free seats and a waiting list, locked; None when there is none that is not locked already."""
    found: UUID | None = work.session.scalar(_LOCK_UNFILLED, {"now": work.now})
    return found


def count(work: Work, session_id: UUID, *, seats: int = 0, waiting: int = 0) -> None:
    """Add to the counters of a locked session; negative numbers free seats and places in the waiting list."""
    work.session.connection().execute(_COUNT, {"session_id": session_id, "seats": seats, "waiting": waiting})
