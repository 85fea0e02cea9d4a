"""A service's copy of another service's facts, declared once: applied from events, read back to be compared.

Lives here: ``Copy``, and the statement that takes rows over in any order and any number of times. Not here: which facts a
service keeps (its ``copies``), and what follows from them.

::

    affiliations = Copy(Affiliation, id="affiliation_id", keeps=("person_id", "role", "from_on", "until_on"))
    on_affiliation_changed = handler(copies.affiliations.apply)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chassis.rebuilding.compare import Held
from chassis.rebuilding.republish import Page
from chassis.store.work import Work
from contracts.language.envelope import Event


@dataclass(frozen=True)
class Copy:
    """A table with the subject's key, its `version`, and the fields it keeps, under the names the event has for them.

    `id` is the event's field for the key. Days and ids are texts in the event and typed in the table.
    """

    table: Any
    id: str
    keeps: tuple[str, ...]

    def apply(self, work: Work, events: Iterable[Event]) -> list[dict[str, Any]]:
        """Take over what is newer than the copy; returns the rows of the newest events, newer than the copy or not."""
        rows = [self._row(event) for event in newest(events)]
        if rows:
            take_newer(work.session, self.table, rows)
        return rows

    def read(self, session: Session, page: Page) -> Sequence[Held]:
        """A page of the copy, as ``compare`` reads it."""
        written: Table = self.table.__table__
        columns = (self._key, written.c.version, *(written.c[name] for name in self.keeps))
        rows = session.execute(page.of(select(*columns), self._key))
        return [
            Held(str(key), version, {name: _as_in_event(value) for name, value in zip(self.keeps, values, strict=True)})
            for key, version, *values in rows
        ]

    @property
    def _key(self) -> Any:
        (key,) = self.table.__table__.primary_key
        return key

    def _row(self, event: Event) -> dict[str, Any]:
        columns = self.table.__table__.c
        kept = {name: _as_in_table(event.data.get(name), columns[name]) for name in self.keeps}
        return {self._key.name: _as_in_table(event.data[self.id], self._key), "version": event.version, **kept}


def newest(events: Iterable[Event]) -> list[Event]:
    """One event per subject, the newest, in one order for all (two batches must not lock crosswise)."""
    found: dict[str, Event] = {}
    for event in events:
        known = found.get(event.subject_id)
        if known is None or known.version < event.version:
            found[event.subject_id] = event
    return [found[subject] for subject in sorted(found)]


def take_newer(session: Session, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows (keyed by the table's primary key, with a `version`) that are newer than the copy or missing from it."""
    written: Table = table.__table__
    key = [column.name for column in written.primary_key]
    statement = insert(written)
    taken = statement.on_conflict_do_update(
        index_elements=key,
        set_={name: statement.excluded[name] for name in rows[0] if name not in key},
        where=written.c.version < statement.excluded.version,
    )
    session.connection().execute(taken, list(rows))


def _as_in_table(value: Any, column: Any) -> Any:
    if value is None:
        return None
    kind = column.type.python_type
    if kind is UUID:
        return UUID(value)
    return dt.date.fromisoformat(value) if kind is dt.date else value


def _as_in_event(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, dt.date) else value
