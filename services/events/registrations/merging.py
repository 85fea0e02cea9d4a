"""Merging: whom the registrations of merged people count for.

A registration counts for its `person_id`. That of somebody who is merged counts for who they are merged into and has them in its
`merged_from`; once the merge is undone it is theirs again. All of it follows from the copy of people as it is now, so events that
come late, twice or in another order end alike. Source: ADR 0022.

Where both have a live registration for one activity, one stays (``rules.precedence``). Lives here: finding them and moving them.
Not here: registering somebody who is merged (``registrations``), giving the seat to the next (``waiting_list``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select, update

from chassis.store.work import Work
from contracts.language.envelope import Event
from services.events import copies
from services.events.activities import sessions
from services.events.registrations import rules as law
from services.events.registrations import statements, waiting_list
from services.events.registrations.statements import TABLE

#: Registrations moved in one transaction by the timer.
CHUNK = 100


def people_merged(work: Work, events: Sequence[Event]) -> None:
    """Take over who is merged into whom, and move their registrations."""
    people = copies.people.apply(work, events)
    _move(work, {one["id"] for one in people}, chunk=None)


def follow_merges(work: Work) -> bool:
    """Move what a merge did not find: a registration whose transaction had looked before it and committed after it."""
    return _move(work, None, chunk=CHUNK) == CHUNK


def _move(work: Work, person_ids: Collection[UUID] | None, *, chunk: int | None) -> int:
    """How many were found. Sessions are locked before registrations, as everywhere, and then all is read again."""
    activity_ids = {one.activity_id for one in statements.misplaced(work, person_ids, chunk=chunk) if one.is_live}
    if activity_ids:
        sessions.lock_sessions(work, activity_ids)
    found = statements.misplaced(work, person_ids, chunk=chunk)
    for one in found:
        if not one.is_live or (one.activity_id in activity_ids and _has_place(work, one)):
            _count_for(work, one)
    return len(found)


def _reason(one: Row[Any]) -> str:
    return "merged" if one.merged_from is not None else "unmerged"


def _has_place(work: Work, one: Row[Any]) -> bool:
    """End the live registration that must go, where both have one; false when both were checked in."""
    theirs = or_(TABLE.c.id == one.id, TABLE.c.person_id == one.counts_for)
    statement = select(TABLE).where(TABLE.c.activity_id == one.activity_id, TABLE.c.state.in_(law.LIVE), theirs)
    live = work.session.connection().execute(statement.order_by(TABLE.c.id).with_for_update()).mappings().all()
    if len(live) < 2:
        return True
    _, goes = sorted(live, key=law.precedence)
    if goes["checked_in_at"] is not None:
        return False
    session = sessions.lock_session(work, goes["session_id"])
    waiting_list.leave(work, "events.registration.cancelled.v1", session, goes, law.CANCELLED, reason=_reason(one))
    return True


def _count_for(work: Work, one: Row[Any]) -> None:
    same = update(TABLE).where(TABLE.c.id == one.id, TABLE.c.person_id == one.person_id)
    values = {"person_id": one.counts_for, "merged_from": one.merged_from, "version": TABLE.c.version + 1}
    state = work.session.connection().execute(same.values(values).returning(TABLE.c.state)).scalar()
    if state is not None:
        work.record("registration", one.id, from_state=state, to_state=state, reason=_reason(one))
