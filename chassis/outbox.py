"""The outbox: events written with the facts they tell, published by the relay, kept as the service's event log.

Lives here: its SQL. Not here: composing an event (``work``), publishing it (``relay``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, MetaData, Row, insert, text
from sqlalchemy.orm import Session

from chassis.tables import _outbox

TABLE = _outbox(MetaData())
_INSERT = insert(TABLE)
_TAKE = text(
    "select id, created_at, type, body, traceparent, only_for from outbox"
    " where position is null order by created_at, id limit :limit"
)
_MARK = text(
    "update outbox set position = nextval('outbox_position_seq'), published_at = now()"
    " from unnest(cast(:ids as uuid[]), cast(:created as timestamptz[])) as taken (id, created_at)"
    " where outbox.id = taken.id and outbox.created_at = taken.created_at and outbox.position is null"
)
_BACKLOG = text(
    "select count(*), coalesce(extract(epoch from now() - min(created_at)), 0) from outbox where position is null"
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


def ensure_partitions(session: Session, now: dt.datetime) -> None:
    """Create the partitions of the next two months; this month's rows may lie in the default one."""
    first = now.date().replace(day=1)
    for _ in range(2):
        first = (first + dt.timedelta(days=32)).replace(day=1)
        after = (first + dt.timedelta(days=32)).replace(day=1)
        session.execute(
            text(
                f"create table if not exists outbox_{first:%Y_%m} partition of outbox"
                f" for values from ('{first:%Y-%m-%d}') to ('{after:%Y-%m-%d}')"
            )
        )


def drop_old(session: Session, now: dt.datetime) -> None:
    """Drop partitions that ended more than KEPT ago, and delete as old rows of the default partition. Published only."""
    limit = (now - KEPT).date()
    names = session.scalars(
        text("select relname from pg_class where relname ~ '^outbox_[0-9]{4}_[0-9]{2}$' and relispartition")
    ).all()
    for name in names:
        year, month = int(name[7:11]), int(name[12:14])
        ended = dt.date(year + month // 12, month % 12 + 1, 1)
        unpublished = session.scalar(text(f"select 1 from {name} where position is null limit 1"))
        if ended <= limit and not unpublished:
            session.execute(text(f"drop table {name}"))
    session.execute(
        text("delete from outbox_default where created_at < :limit and position is not null"), {"limit": limit}
    )
