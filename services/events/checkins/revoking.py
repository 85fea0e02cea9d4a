"""Taking back a check-in (撤销签到): it was a mistake, the person has not come.

The scan stays as the fact it was, with when and why it was taken back; the registration is as before it, so the ticket admits
again. Once the books are closed, what was counted stays.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from chassis.store import records
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.events.activities import sessions
from services.events.checkins import TABLE, announce, as_answer
from services.events.registrations import statements


class CheckInNotFound(Refusal):
    """No check-in for an activity of the caller's has this id."""

    kind = "not_found"
    code = "events.checkin_not_found"
    zh = "未找到该签到记录。"
    en = "There is no such check-in."


class CheckInNotAdmitted(Refusal):
    """A scan that was refused let nobody in."""

    kind = "conflict"
    code = "events.checkin_not_admitted"
    zh = "该次扫码未准予入场，无需撤销。"
    en = "This scan was refused; there is nothing to take back."


class BooksClosed(Refusal):
    """The check-ins of the activity have been counted."""

    kind = "conflict"
    code = "events.checkins_counted"
    zh = "活动已总结，签到人数已统计，不能再撤销签到。"
    en = "The activity has been reported and its check-ins counted; none can be taken back."


# Closing the books waits for the shared lock of the door and counts without this one, or they are found closed.
_REVOKE = text(
    f"""
    with {sessions.OPEN_DOOR}
    update checkins c set revoked_at = :now, revoke_reason = :reason from door
    where c.id = :checkin_id and c.outcome = 'admitted' and c.revoked_at is null
    returning c.id
    """
)


def revoke_checkin(work: Work, *, checkin_id: UUID, reason: str) -> dict[str, Any]:
    """Take back a check-in for an activity of the caller's department; once taken back it stays so, with its first reason.

    Raises CheckInNotFound, CheckInNotAdmitted, BooksClosed.
    """
    statement = TABLE.select().where(TABLE.c.id == checkin_id)
    row = records.found(work, statement, CheckInNotFound)
    registration = statements.read_with_session(work, row["registration_id"])
    if registration.activity_department != work.caller.department:
        raise CheckInNotFound()
    if row["outcome"] != "admitted":
        raise CheckInNotAdmitted()
    about = {"checkin_id": checkin_id, "activity_id": row["activity_id"], "reason": reason, "now": work.now}
    is_revoked = work.session.connection().execute(_REVOKE, about).one_or_none() is not None
    after = records.found(work, statement, CheckInNotFound)
    if after["revoked_at"] is None:
        raise BooksClosed()
    if is_revoked:
        statements.leave_door(work, row["registration_id"])
        work.record("checkin", checkin_id, from_state="admitted", to_state="revoked", reason=reason)
        announce(work, "events.checkin.revoked.v1", after, registration, version=2)
    return as_answer(dict(after))
