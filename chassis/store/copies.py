"""A service's own copy of another's facts: rows newer than ours are taken over, in any order and any number of times.

Lives here: which event of a subject counts, and the one statement that writes them. Not here: which facts a service keeps,
and what follows from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from contracts.language.envelope import Event


def newest(events: Iterable[Event]) -> list[Event]:
    """One event per subject, the newest, in one order for all (two batches must not lock crosswise)."""
    found: dict[str, Event] = {}
    for event in events:
        known = found.get(event.subject_id)
        if known is None or known.version < event.version:
            found[event.subject_id] = event
    return [found[subject] for subject in sorted(found)]


def take_newer(session: Session, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows (keyed by the table's primary key, with a `version`) that are newer than ours or not there yet."""
    written: Table = table.__table__
    key = [column.name for column in written.primary_key]
    statement = insert(written)
    taken = statement.on_conflict_do_update(
        index_elements=key,
        set_={name: statement.excluded[name] for name in rows[0] if name not in key},
        where=written.c.version < statement.excluded.version,
    )
    session.connection().execute(taken, list(rows))
