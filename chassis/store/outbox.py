"""The outbox: events written with the facts they announce, published by the relay, kept as the service's event log.

Lives here: its SQL. Not here: composing an event (``work``), publishing it (``relay``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, MetaData, Row, insert, text
from sqlalchemy.orm import Session

from chassis.store.tables import _outbox

TABLE = _outbox(MetaData())
_INSERT = insert(TABLE)
_TAKE = text(
    """
    select id, created_at, type, body, traceparent, only_for from outbox
    where position is null order by created_at, id limit :limit
    """
)
_MARK = text(
    """
    update outbox set position = nextval('outbox_position_seq'), published_at = now()
    from unnest(cast(:ids as uuid[]), cast(:created as timestamptz[])) as taken (id, created_at)
    where outbox.id = taken.id and outbox.created_at = taken.created_at and outbox.position is null
    """
)
_BACKLOG = text(
    """select count(*), coalesce(extract(epoch from now() - min(created_at)), 0) from outbox where position is null"""
)

_EXISTS = text("""select to_regclass(:name) is not null""")
_IN_DEFAULT = text("""select 1 from outbox_default where created_at >= :first and created_at < :after limit 1""")
_MONTHS = text(
    """
    select inhrelid::regclass::text from pg_inherits where inhparent = 'outbox'::regclass
    and inhrelid::regclass::text ~ '^outbox_[0-9]{4}_[0-9]{2}$'
    """
)
_DELETE_OLD = text(
    """
    delete from outbox_default where ctid = any(array(
    select ctid from outbox_default where created_at < :limit and position is not null limit :at_most))
    """
)

KEPT = dt.timedelta(days=90)


def insert_events(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write rows as ``Work.announce`` makes them, in one statement."""
    session.connection().execute(_INSERT, rows)


def take_unpublished(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    """The oldest unpublished rows. Only the holder of the relay's lock may ask."""
    return connection.execute(_TAKE, {"limit": limit}).all()


def mark_published(connection: Connection, keys: Sequence[tuple[UUID, dt.datetime]]) -> None:
    """Give the rows their positions in the log: the broker has confirmed them."""
    ids = [str(event_id) for event_id, _ in keys]
    connection.execute(_MARK, {"ids": ids, "created": [created_at for _, created_at in keys]})


def backlog(connection: Connection) -> tuple[int, float]:
    """How many rows wait, and how old the oldest is in seconds."""
    count, seconds = connection.execute(_BACKLOG).one()
    return int(count), float(seconds)


def ensure_partitions(session: Session, now: dt.datetime) -> int:
    """Create the partitions of the next two months that are missing; how many. This month's rows may lie in the default
    partition, and so may rows of a month ahead: such a month stays there.
    """
    created = 0
    first = now.date().replace(day=1)
    for _ in range(2):
        first = _next_month(first)
        period = {"first": first, "after": _next_month(first)}
        name = f"outbox_{first:%Y_%m}"
        if session.scalar(_EXISTS, {"name": name}) or session.scalar(_IN_DEFAULT, period):
            continue
        session.execute(
            text(f"""create table {name} partition of outbox for values from ('{first}') to ('{period["after"]}')""")
        )
        created += 1
    return created


def drop_old(session: Session, now: dt.datetime, *, at_most: int = 5000) -> int:
    """Drop the partitions that ended more than KEPT ago, unless a row of theirs is unpublished, and delete up to `at_most`
    as old rows of the default partition; how many rows were deleted.
    """
    limit = (now - KEPT).date()
    for name in session.scalars(_MONTHS).all():
        ended = _next_month(dt.date(int(name[7:11]), int(name[12:14]), 1))
        if ended <= limit and not session.scalar(text(f"""select 1 from {name} where position is null limit 1""")):
            session.execute(text(f"""drop table {name}"""))
    deleted: Any = session.connection().execute(_DELETE_OLD, {"limit": limit, "at_most": at_most})
    return int(deleted.rowcount)


def _next_month(first: dt.date) -> dt.date:
    return (first + dt.timedelta(days=32)).replace(day=1)
