"""Reading check-ins: a department sees the scans of its own activities, as it sees their registrations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from chassis.store.pages import narrowed, read_page
from chassis.store.work import Work
from contracts.language.paging import Paging
from services.events import activities
from services.events.checkins import TABLE, as_answer


def list_checkins(work: Work, *, activity_id: UUID, page: Paging, outcome: str | None = None) -> dict[str, Any]:
    """The scans of one of the department's activities. Raises ActivityNotFound, for another's too."""
    activity = activities.get_activity(work, activity_id=activity_id)
    if work.caller.person_id is not None or activity["department"] != work.caller.department:
        raise activities.ActivityNotFound()
    statement = narrowed(select(TABLE), TABLE.c, {"activity_id": activity_id, "outcome": outcome})
    found = read_page(work.session, statement, page, key=(TABLE.c.created_at, TABLE.c.id))
    return found | {"items": [_as_record(row) for row in found["items"]]}


def _as_record(row: dict[str, Any]) -> dict[str, Any]:
    """The scan as it was answered; `replayed` is in the answer to the scan alone."""
    return {name: value for name, value in as_answer(row).items() if name != "replayed"}
