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
    statement = select(TABLE).where(TABLE.c.subject == subject, TABLE.c.subject_id == subject_id)
    return [dict(row) for row in session.execute(statement.order_by(TABLE.c.id)).mappings()]


def state_as_of(subject: str, id_column: str) -> str:
    """SQL for the state the subject of a row had at ``:until``, null before its first; `id_column` is the id of that
    row, e.g. ``o.id``.

    A later change does not alter it, so figures of a past day stay as they were.
    """
    return f"""
        (select h.to_state from history h
         where h.subject = '{subject}' and h.subject_id = cast({id_column} as text) and h.recorded_at < :until
         order by h.id desc limit 1)
    """
