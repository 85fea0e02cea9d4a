"""Single records: found or refused, and changed only in the version they were read in.

Lives here: the two statements every subject with a version needs. Not here: lists (``chassis.store.pages``), who may change
what, the refusals of a subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, Select, Table, TextClause, select, update
from sqlalchemy.engine import RowMapping

from chassis.store.versions import VersionStale
from chassis.store.work import Work
from contracts.language.refusals import Refusal


def found(
    work: Work, statement: Select[Any] | TextClause, missing: type[Refusal], parameters: Mapping[str, Any] | None = None
) -> RowMapping:
    """The one row of a statement, by column name. Raises `missing` where there is none."""
    return found_row(work, statement, missing, parameters)._mapping


def found_row(
    work: Work, statement: Select[Any] | TextClause, missing: type[Refusal], parameters: Mapping[str, Any] | None = None
) -> Row[Any]:
    """As `found`, with the columns as attributes."""
    row = work.session.connection().execute(statement, dict(parameters or {})).one_or_none()
    if row is None:
        raise missing()
    return row


def write_change(work: Work, table: Table, before: Mapping[Any, Any], values: Mapping[str, Any]) -> RowMapping:
    """Write `values` and the next version, if the row still has the version of `before`; returns the whole row as written.

    `table` has an `id` and a `version`. Raises VersionStale where another transaction has changed the row.
    """
    same = table.c.id == before["id"]
    changed = update(table).where(same, table.c.version == before["version"]).returning(*table.c)
    written = work.session.connection().execute(changed.values(**values, version=before["version"] + 1))
    row = written.mappings().one_or_none()
    if row is None:
        current = work.session.connection().execute(select(table.c.version).where(same)).scalar_one()
        raise VersionStale(current=current)
    return row
