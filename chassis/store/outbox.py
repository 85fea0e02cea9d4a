"""The outbox: events written with the facts they announce, published by the relay, kept as the service's event log.

Lives here: its SQL. Not here: composing an event (``work``), publishing it (``relay``).

`position` says where a row stands: null while it waits, HELD while its routing key leads to no queue, then its place in the log.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple
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
        select *, sum(octet_length(body)) over (order by id) - octet_length(body) as before,
            count(*) over () as waiting from (
            select * from outbox where position is null order by id limit :limit
        ) oldest
    ) counted
    where before < :bytes order by id
    """
)
_MARK = text(
    """
    update outbox set position = nextval('outbox_position_seq'), published_at = now()
    from unnest(cast(:ids as uuid[]), cast(:created as timestamptz[])) as taken (id, created_at)
    where outbox.id = taken.id and outbox.created_at = taken.created_at and outbox.position is null
    """
)
_HOLD = text(
    """
    update outbox set position = :held
    from unnest(cast(:ids as uuid[]), cast(:created as timestamptz[])) as taken (id, created_at)
    where outbox.id = taken.id and outbox.created_at = taken.created_at and outbox.position is null
    """
)
_PROBES = text(
    """
    select distinct on (type, only_for) id, created_at, type, body, traceparent, only_for
    from outbox where position = :held order by type, only_for, id
    """
)
_RELEASE = text(
    """
    update outbox set position = null from (
        select id, created_at from outbox
        where position = :held and type = :type and only_for is not distinct from :only_for
        order by id limit :limit
    ) oldest
    where outbox.id = oldest.id and outbox.created_at = oldest.created_at
    """
)
_BACKLOG = text(
    """
    select count(*), coalesce(extract(epoch from now() - min(created_at)), 0),
        (select count(*) from outbox where position = :held)
    from outbox where position is null
    """
)

#: The position of a row that reached no queue: it does not delay other rows; it waits until its routing key leads to one.
HELD = -1

KEPT = dt.timedelta(days=90)


def insert_events(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write rows as ``Work.announce`` makes them, in one statement."""
    session.connection().execute(_INSERT, rows)


def take_unpublished(connection: Connection, limit: int, most_bytes: int) -> tuple[Sequence[Row[Any]], bool]:
    """The oldest unpublished rows, their bodies about `most_bytes` together, one row at least; and whether more wait.

    Only the holder of the relay's lock may call it.
    """
    rows = connection.execute(_TAKE, {"limit": limit, "bytes": most_bytes}).all()
    return rows, len(rows) == limit or (bool(rows) and len(rows) < rows[0].waiting)


def mark_published(connection: Connection, keys: Sequence[tuple[UUID, dt.datetime]]) -> None:
    """Give the rows their positions in the log: the broker has confirmed them."""
    ids = [str(event_id) for event_id, _ in keys]
    connection.execute(_MARK, {"ids": ids, "created": [created_at for _, created_at in keys]})


def hold(connection: Connection, keys: Sequence[tuple[UUID, dt.datetime]]) -> None:
    """Take rows that reached no queue out of the way of the others."""
    ids = [str(event_id) for event_id, _ in keys]
    connection.execute(_HOLD, {"ids": ids, "created": [created_at for _, created_at in keys], "held": HELD})


def take_probes(connection: Connection) -> Sequence[Row[Any]]:
    """The oldest held row of each routing key."""
    return connection.execute(_PROBES, {"held": HELD}).all()


def release(connection: Connection, event_type: str, only_for: str | None, *, at_most: int = 5000) -> int:
    """Let up to `at_most` held rows of a routing key, the oldest, wait for their turn again; how many."""
    named = {"held": HELD, "type": event_type, "only_for": only_for, "limit": at_most}
    return connection.execute(_RELEASE, named).rowcount


class Backlog(NamedTuple):
    """How many rows wait, how old the oldest of them is in seconds, and how many are held."""

    waiting: int
    oldest_seconds: float
    held: int


def backlog(connection: Connection) -> Backlog:
    """What is not published yet."""
    count, seconds, held = connection.execute(_BACKLOG, {"held": HELD}).one()
    return Backlog(int(count), float(seconds), int(held))


def ensure_partitions(session: Session, now: dt.datetime) -> int:
    """Create the partitions of the next two months that are missing; how many."""
    return partitions.ensure(session, "outbox", now)


def drop_old(session: Session, now: dt.datetime, *, at_most: int = 5000) -> int:
    """Drop the partitions that ended more than KEPT ago, unless a row of theirs is not published, and delete up to `at_most`
    as old rows of the default partition; how many rows were deleted.
    """
    return partitions.drop_before(session, "outbox", (now - KEPT).date(), at_most=at_most)
