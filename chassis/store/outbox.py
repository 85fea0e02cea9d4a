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

from chassis.store import partitions
from chassis.store.tables import _outbox

TABLE = _outbox(MetaData())
_INSERT = insert(TABLE)
_TAKE = text(
    """
    select id, created_at, type, body, traceparent, only_for, waiting from (
        select *, sum(octet_length(body)) over (order by created_at, id) - octet_length(body) as before,
            count(*) over () as waiting from (
            select * from outbox where position is null order by created_at, id limit :limit
        ) oldest
    ) counted
    where before < :bytes order by created_at, id
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

KEPT = dt.timedelta(days=90)


def insert_events(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write rows as ``Work.announce`` makes them, in one statement."""
    session.connection().execute(_INSERT, rows)


def take_unpublished(connection: Connection, limit: int, most_bytes: int) -> tuple[Sequence[Row[Any]], bool]:
    """The oldest unpublished rows, their bodies about `most_bytes` together, one row at least; and whether more wait.

    Only the holder of the relay's lock may ask.
    """
    rows = connection.execute(_TAKE, {"limit": limit, "bytes": most_bytes}).all()
    return rows, len(rows) == limit or (bool(rows) and len(rows) < rows[0].waiting)


def mark_published(connection: Connection, keys: Sequence[tuple[UUID, dt.datetime]]) -> None:
    """Give the rows their positions in the log: the broker has confirmed them."""
    ids = [str(event_id) for event_id, _ in keys]
    connection.execute(_MARK, {"ids": ids, "created": [created_at for _, created_at in keys]})


def backlog(connection: Connection) -> tuple[int, float]:
    """How many rows wait, and how old the oldest is in seconds."""
    count, seconds = connection.execute(_BACKLOG).one()
    return int(count), float(seconds)


def ensure_partitions(session: Session, now: dt.datetime) -> int:
    """Create the partitions of the next two months that are missing; how many."""
    return partitions.ensure(session, "outbox", now)


def drop_old(session: Session, now: dt.datetime, *, at_most: int = 5000) -> int:
    """Drop the partitions that ended more than KEPT ago, unless a row of theirs is unpublished, and delete up to `at_most`
    as old rows of the default partition; how many rows were deleted.
    """
    return partitions.drop_before(session, "outbox", (now - KEPT).date(), at_most=at_most)
