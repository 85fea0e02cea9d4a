"""The inbox: which messages a handler has applied, so that a second delivery has no second effect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import MetaData, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chassis.store.tables import _inbox

TABLE = _inbox(MetaData())
_CLAIM = insert(TABLE).on_conflict_do_nothing().returning(TABLE.c.message_id)
_PURGE = text(
    """delete from inbox where ctid = any(array(select ctid from inbox where received_at < :before limit :at_most))"""
)

#: Longer than any redrive is likely to be late; a redrive after it meets the handlers' natural keys.
KEPT = dt.timedelta(days=30)


def claim(session: Session, consumer: str, message_ids: Sequence[UUID]) -> set[UUID]:
    """Note the messages as applied by `consumer`, in this transaction; returns those that were not before.

    A message another transaction has noted but not yet committed makes this one wait for its end. Sorted, so that two
    overlapping batches wait for one another in one order.
    """
    if not message_ids:
        return set()
    rows = [{"consumer": consumer, "message_id": message_id} for message_id in sorted(set(message_ids))]
    return set(session.connection().execute(_CLAIM, rows).scalars())


def purge(session: Session, before: dt.datetime, *, at_most: int = 5000) -> int:
    """Forget messages received before `before`, so many at a time; how many were forgotten."""
    result: Any = session.connection().execute(_PURGE, {"before": before, "at_most": at_most})
    return int(result.rowcount)
