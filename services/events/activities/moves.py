"""The moves of an activity: publish, open, close, hold, report, cancel.

A move is made under the lock of the activity's row; the sessions' copy of the state follows in the same statement (foreign
key), behind whoever is giving a seat at that moment. Not here: what becomes of the registrations of a cancelled one
(``voiding``).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.engine import RowMapping

from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.events import activities
from services.events.activities import TABLE
from services.events.activities import rules as law


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


_TOLD = {
    "publish": "published",
    "open": "opened",
    "close": "closed",
    "hold": "held",
    "report": "reported",
    "cancel": "cancelled",
}
_ATTENDED = text("select count(*) from checkins where activity_id = :activity_id and outcome = 'admitted'")


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
    """Say that it took place. Raises ActivityNotBegun and what `publish_activity` raises."""
    row = _movable(work, "hold", activity_id)
    if not law.has_begun(row["starts_at"], work.now):
        raise ActivityNotBegun()
    return _move(work, "hold", row, held_at=work.now)


def report_activity(work: Work, *, activity_id: UUID, attendance_stated: int | None) -> dict[str, Any]:
    """Close its books: admitted check-ins are counted, from now on none is added. Raises what `publish_activity` raises."""
    row = _movable(work, "report", activity_id)
    counted = work.session.scalar(_ATTENDED, {"activity_id": activity_id})
    return _move(work, "report", row, attendance_counted=counted, attendance_stated=attendance_stated)


def cancel_activity(work: Work, *, activity_id: UUID, reason: str) -> dict[str, Any]:
    """Call it off at once; the registrations follow in chunks. Raises what `publish_activity` raises."""
    return _move(work, "cancel", _movable(work, "cancel", activity_id), cancel_reason=reason, is_voiding=True)


def _movable(work: Work, move: str, activity_id: UUID) -> RowMapping:
    """The row, locked, if the move may start from its state. A scan under way holds it shared, so who closes the books has
    it counted, or it comes too late.
    """
    row = activities.own_activity(work, activity_id, is_locked=True)
    if not law.may_move(move, row["state"]):
        raise MoveNotAllowed(state=row["state"], state_zh=law.CHINESE[row["state"]])
    return row


def _move(work: Work, move: str, before: RowMapping, **values: Any) -> dict[str, Any]:
    moved = update(TABLE).where(TABLE.c.id == before["id"]).returning(*TABLE.c)
    state = law.MOVES[move][1]
    changed = moved.values(state=state, version=before["version"] + 1, **values)
    row = work.session.connection().execute(changed).mappings().one()
    _tell(work, row, before["state"], move)
    return activities.get_activity(work, activity_id=row["id"])


def _tell(work: Work, row: RowMapping, before: str, move: str) -> None:
    reason = row["cancel_reason"] if move == "cancel" else None
    work.record("activity", row["id"], from_state=before, to_state=row["state"], reason=reason)
    if before != law.DRAFT or move == "publish":
        activities.announce(work, row, _TOLD[move])
