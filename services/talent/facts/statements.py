"""Facts in the database: what is read and written of them, and what each change announces. The law is in ``rules``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, insert, select, text
from sqlalchemy.orm import Session

from chassis.ground.ids import uuid7
from chassis.rebuilding.republish import Page, State
from chassis.store import records
from chassis.store.work import Work
from contracts.vocabulary import CONFIRMED, ENDED
from services.talent.facts import rules
from services.talent.facts.rules import Held, Kind
from services.talent.facts.tables import Fact, FactKind

TABLE: Table = Fact.__table__  # type: ignore[assignment]
EVENT_OF_STATE = {CONFIRMED: "talent.fact.confirmed.v1", ENDED: "talent.fact.ended.v1"}
CHANGED = "talent.fact.changed.v1"

_END_LAPSED = text(
    """
    with due as materialized (
        select id from facts where state <> 'ended' and until_on <= :today
        order by until_on limit :limit for no key update skip locked
    )
    update facts f set state = 'ended', version = f.version + 1, updated_at = :now from due where f.id = due.id
    returning f.*
    """
)

Declared = Mapping[str, Sequence[Mapping[str, Any]]]


def held(row: Any) -> Held:
    """What the law needs to know of a fact."""
    return Held(row.state, row.from_on, row.until_on, row.fields)


def lock(work: Work, person_id: UUID, kind_key: str) -> list[Row[Any]]:
    """The caller's department's facts of a person and kind, earliest first, locked until this work is over.

    The person is locked before, so no other work adds one.
    """
    own = (TABLE.c.person_id == person_id, TABLE.c.kind_key == kind_key, TABLE.c.department == work.caller.department)
    statement = select(TABLE).where(*own).order_by(TABLE.c.from_on).with_for_update(key_share=True)
    return list(work.session.connection().execute(statement))


def lock_of_people(work: Work, person_ids: Iterable[UUID]) -> list[tuple[Row[Any], Sequence[Mapping[str, Any]]]]:
    """Every fact of these people with the fields its kind declares, locked in the order of their ids."""
    theirs = select(TABLE).where(TABLE.c.person_id.in_(sorted(set(person_ids)))).order_by(TABLE.c.id)
    found = list(work.session.connection().execute(theirs.with_for_update(key_share=True)))
    declared = _declared(work.session, {row.kind_key for row in found})
    return [(row, declared[row.kind_key]) for row in found]


def add(work: Work, person_id: UUID, kind: Kind, after: Held) -> UUID:
    """Store a new fact and announce it."""
    row = {
        "id": uuid7(),
        "person_id": person_id,
        "kind_key": kind.key,
        "department": work.caller.department,
        "client_id": work.caller.client_id,
        "version": 1,
        "created_at": work.now,
    }
    written = insert(TABLE).values(**row, **_columns(work, after)).returning(*TABLE.c)
    stored = work.session.connection().execute(written).one()
    _record(work, stored, None, None)
    _announce(work, stored, EVENT_OF_STATE[after.state], kind.declared)
    return stored.id  # type: ignore[no-any-return]


def change(
    work: Work, before: Row[Any], after: Held, declared: Sequence[Mapping[str, Any]], reason: str | None = None
) -> None:
    """Write the next version of a locked fact and announce it: as what it has become, or as changed."""
    written = records.write_change(work, TABLE, before._mapping, _columns(work, after))
    event_type = CHANGED if before.state == after.state else EVENT_OF_STATE[after.state]
    stored = Stored(written)
    _record(work, stored, before.state, reason)
    _announce(work, stored, event_type, declared)


def end_lapsed(work: Work, limit: int) -> int:
    """End facts whose period has run out, at most `limit`; how many."""
    bound = {"today": work.today, "now": work.now, "limit": limit}
    ended = work.session.connection().execute(_END_LAPSED, bound).all()
    declared = _declared(work.session, {row.kind_key for row in ended}) if ended else {}
    for row in ended:
        _record(work, row, CONFIRMED, None)
        _announce(work, row, EVENT_OF_STATE[ENDED], declared[row.kind_key])
    return len(ended)


class Stored:
    """A row by name, as columns are read elsewhere."""

    def __init__(self, row: Mapping[Any, Any]) -> None:
        self.__dict__.update(row)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def _columns(work: Work, after: Held) -> dict[str, Any]:
    return {
        "state": after.state,
        "from_on": after.from_on,
        "until_on": after.until_on,
        "fields": dict(after.values),
        "updated_at": work.now,
    }


def _record(work: Work, row: Any, from_state: str | None, reason: str | None) -> None:
    effective_on: dt.date = row.until_on if row.state == ENDED else row.from_on
    work.record("fact", row.id, from_state=from_state, to_state=row.state, effective_on=effective_on, reason=reason)


def _announce(work: Work, row: Any, event_type: str, declared: Sequence[Mapping[str, Any]]) -> None:
    work.announce(event_type, subject_id=row.id, version=row.version, data=stated(row, declared))


def stated(row: Any, declared: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What events say of a fact."""
    return {
        "fact_id": str(row.id),
        "version": row.version,
        "person_id": str(row.person_id),
        "kind_key": row.kind_key,
        "department": row.department,
        "state": row.state,
        "from_on": row.from_on.isoformat(),
        "until_on": row.until_on.isoformat() if row.until_on else None,
        "fields": rules.announced(declared, row.fields),
    }


def _declared(session: Session, keys: Iterable[str]) -> Declared:
    wanted = select(FactKind.key, FactKind.declared).where(FactKind.key.in_(sorted(set(keys))))
    return {row.key: row.declared for row in session.execute(wanted)}


def as_they_stand(session: Session, page: Page) -> Sequence[State]:
    """A page of facts, for a service that has lost its copy."""
    rows = session.connection().execute(page.of(select(TABLE), TABLE.c.id)).all()
    declared = _declared(session, {row.kind_key for row in rows})
    return [
        State(EVENT_OF_STATE[row.state], row.id, row.version, stated(row, declared[row.kind_key]), row.updated_at)
        for row in rows
    ]
