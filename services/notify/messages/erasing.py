"""Erasing: of somebody whose data talent has erased, the messages' texts, the recipients of deliveries and the preferences go.

The rows stay, so that what was sent is counted as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Table, update

from chassis.store.work import Work
from contracts.language.envelope import Event
from services.notify import deliveries, preferences
from services.notify.messages.tables import Message

TABLE: Table = Message.__table__  # type: ignore[assignment]
ERASED = {"zh-CN": "（已删除）", "en": "(erased)"}


def people_erased(work: Work, events: Sequence[Event]) -> None:
    """Take out what is personal; a second time changes nothing."""
    people = sorted({UUID(event.data["person_id"]) for event in events})
    theirs = TABLE.c.person_id.in_(people) | TABLE.c.merged_from.in_(people)
    work.session.execute(update(TABLE).where(theirs).values(subject=ERASED, body=ERASED))
    deliveries.erase_recipients(work, people)
    preferences.erase(work, people)
