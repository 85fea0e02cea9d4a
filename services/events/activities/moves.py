"""The moves of an activity: publish, open, close, hold, report, cancel.

A move is made under the lock of the activity's row; the sessions' copy of the state follows in the same statement (foreign
key), behind whoever is giving a seat at that moment. Not here: what becomes of the registrations of a cancelled one
(``voiding``).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.engine import RowMapping

from chassis.store import records
from chassis.store.states import state_after
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.events import activities, checkins
from services.events.activities import TABLE, sessions
from services.events.activities import rules as law
from services.events.registrations import changes


class MoveNotAllowed(Refusal):
    """The activity is not in a state this can be done from."""

    kind = "conflict"
    code = "events.move_not_allowed"
    zh = "活动当前状态为“{state_zh}”，不能进行此操作。"
    en = "This cannot be done while the activity is {state}."


class ActivityNotBegun(Refusal):
    """What has not begun has not been held."""

    kind = "conflict"
    code = "events.activity_not_begun"
    zh = "活动尚未开始，不能标记为已举办。"
    en = "The activity has not begun; it cannot have been held."


_ANNOUNCED = {
    "publish": "events.activity.published.v1",
    "open": "events.activity.opened.v1",
    "close": "events.activity.closed.v1",
    "hold": "events.activity.held.v1",
    "report": "events.activity.reported.v1",
    "cancel": "events.activity.cancelled.v1",
}


def publish_activity(work: Work, *, activity_id: UUID) -> dict[str, Any]:
    """Show a draft. Raises ActivityNotFound, NotYourActivity, MoveNotAllowed."""
    return _move(work, "publish", _movable(work, "publish", activity_id))


def open_activity(work: Work, *, activity_id: UUID) -> dict[str, Any]:
    """Open it for registrations. Raises what `publish_activity` raises."""
    return _move(work, "open", _movable(work, "open", activity_id))


def close_activity(work: Work, *, activity_id: UUID) -> dict[str, Any]:
    """Close its registrations. Raises what `publish_activity` raises."""
    return _move(work, "close", _movable(work, "close", activity_id))


def hold_activity(work: Work, *, activity_id: UUID) -> dict[str, Any]:
    """Mark it as held; its waiting lists end. Raises ActivityNotBegun and what `publish_activity` raises."""
    row = _movable(work, "hold", activity_id)
    if not law.has_begun(row["starts_at"], work.now):
        raise ActivityNotBegun()
    answer = _move(work, "hold", row, held_at=work.now)
    changes.note(work, changes.UNPLACED, sessions.sessions_of(work, [activity_id])[activity_id])
    return answer


def report_activity(work: Work, *, activity_id: UUID, attendance_stated: int | None) -> dict[str, Any]:
    """Close its books: admitted check-ins are counted, from now on none is added. Raises what `publish_activity` raises."""
    row = _movable(work, "report", activity_id)
    counted = checkins.count_admitted(work, activity_id)
    return _move(work, "report", row, attendance_counted=counted, attendance_stated=attendance_stated)


def cancel_activity(work: Work, *, activity_id: UUID, reason: str) -> dict[str, Any]:
    """Call it off at once; the registrations follow in chunks. Raises what `publish_activity` raises."""
    return _move(work, "cancel", _movable(work, "cancel", activity_id), cancel_reason=reason, is_voiding=True)


def _movable(work: Work, move: str, activity_id: UUID) -> RowMapping:
    """The row, locked, if the move is allowed from its state. A scan under way holds a shared lock: closing the books waits for
    it and counts it, or the scan finds them closed.
    """
    row = activities.own_activity(work, activity_id, is_locked=True)
    _state_after(move, row)
    return row


def _state_after(move: str, row: RowMapping) -> str:
    return state_after(move, row["state"], law.MOVES, MoveNotAllowed, chinese=law.CHINESE)


def _move(work: Work, move: str, before: RowMapping, **values: Any) -> dict[str, Any]:
    state = _state_after(move, before)
    row = records.write_change(work, TABLE, before, {"state": state, **values})
    reason = row["cancel_reason"] if move == "cancel" else None
    work.record("activity", row["id"], from_state=before["state"], to_state=state, reason=reason)
    if before["state"] != law.DRAFT or move == "publish":
        activities.announce(work, _ANNOUNCED[move], row)
    return activities.get_activity(work, activity_id=row["id"])
