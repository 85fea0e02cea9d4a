"""The history of states: appended in the transaction of the change, never edited.

Its order is that of its ids: one is made when the step is recorded, by whoever has the subject locked. `recorded_at` is when
the work began, and work that began earlier may have waited for that lock longer.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData, insert, select
from sqlalchemy.orm import Session

from chassis.store.tables import _history

TABLE = _history(MetaData())
_INSERT = insert(TABLE)


def append(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write rows as ``Work.record`` makes them, in one statement."""
    session.connection().execute(_INSERT, rows)


def of_subject(session: Session, subject: str, subject_id: str) -> list[dict[str, Any]]:
    """Every change of one subject, oldest first."""
    asked = select(TABLE).where(TABLE.c.subject == subject, TABLE.c.subject_id == subject_id)
    return [dict(row) for row in session.execute(asked.order_by(TABLE.c.id)).mappings()]
