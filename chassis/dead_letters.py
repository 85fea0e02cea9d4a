"""Dead letters: messages a handler gave up on, in a table, listed and sent again by SQL.

A table and not a queue, because looking into a quorum queue counts as delivery, and at its limit the looking loses the
messages. Lives here: storing, listing, redriving. Not here: when to give up (``events``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, MetaData, func, insert, select, update
from sqlalchemy.orm import Session

from chassis import logs, topology, tracing
from chassis.ids import uuid7
from chassis.publisher import Outgoing
from chassis.tables import _dead_letters

TABLE = _dead_letters(MetaData())

#: Publishes a batch with confirms; returns the message ids that reached no queue.
Publish = Callable[[list[Outgoing]], set[str]]

LISTED, REDRIVEN = 200, 1000


def park(
    session: Session,
    *,
    consumer: str,
    message_id: str | None,
    body: bytes | str,
    headers: Mapping[str, Any],
    reason: str,
    attempts: int,
) -> None:
    """Store a message with its bytes, its reason and how often it was tried."""
    raw = body.encode() if isinstance(body, str) else bytes(body)
    row = {
        "id": uuid7(),
        "consumer": consumer,
        "message_id": _storable(message_id),
        "type": _storable(_type_of(raw)),
        "body": raw,
        "headers": {name: _storable(str(value)) for name, value in headers.items() if name == "traceparent"},
        "reason": _storable(logs.redact(reason)),
        "attempts": attempts,
        "trace_id": tracing.trace_id(str(headers.get("traceparent", ""))),
    }
    session.connection().execute(insert(TABLE), row)


def _type_of(body: bytes) -> str | None:
    try:
        found = json.loads(body).get("type")
    except (ValueError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def _storable(text: str | None) -> str | None:
    """A poisoned message must not poison its own dead letter: no NUL, no half surrogates, no endless text."""
    return None if text is None else text[:500].replace("\x00", "").encode("utf-8", "replace").decode()


def list_dead(connection: Connection, *, consumer: str | None = None, redriven: bool = False) -> list[dict[str, Any]]:
    """The newest LISTED dead letters, without their bodies; only those not yet redriven unless asked."""
    columns = [column for column in TABLE.columns if column.name not in ("body", "headers")]
    asked = select(*columns).order_by(TABLE.c.died_at.desc()).limit(LISTED)
    if consumer is not None:
        asked = asked.where(TABLE.c.consumer == consumer)
    if not redriven:
        asked = asked.where(TABLE.c.redriven_at.is_(None))
    return [dict(row) for row in connection.execute(asked).mappings()]


def show(connection: Connection, letter_id: str) -> dict[str, Any] | None:
    """One dead letter with its body."""
    row = connection.execute(select(TABLE).where(TABLE.c.id == letter_id)).mappings().one_or_none()
    return dict(row) if row is not None else None


def redrive(
    connection: Connection,
    publish: Publish,
    *,
    ids: Sequence[str] = (),
    consumer: str | None = None,
    dry_run: bool = False,
) -> int:
    """Send up to REDRIVEN dead letters, the oldest first, back to their handlers' queues and mark them, in the caller's
    transaction; how many.

    Taken with row locks, so two operators never send the same one; a crash before the commit sends it again, which the
    handlers' inbox and natural keys absorb. With `dry_run` nothing is sent.
    """
    asked = select(TABLE).where(TABLE.c.redriven_at.is_(None)).order_by(TABLE.c.died_at).limit(REDRIVEN)
    asked = asked.where(TABLE.c.id.in_(ids)) if ids else asked
    asked = asked.where(TABLE.c.consumer == consumer) if consumer is not None else asked
    letters = connection.execute(asked.with_for_update(skip_locked=True)).mappings().all()
    if dry_run or not letters:
        return len(letters)
    unroutable = publish([_outgoing(letter) for letter in letters])
    sent = [letter["id"] for letter in letters if str(letter["id"]) not in unroutable]
    connection.execute(update(TABLE).where(TABLE.c.id.in_(sent)).values(redriven_at=func.now()))
    return len(sent)


def _outgoing(letter: Any) -> Outgoing:
    return Outgoing(
        body=bytes(letter["body"]),
        exchange="",
        routing_key=topology.consumer_queue(letter["consumer"]),
        message_id=str(letter["id"]),
        headers=dict(letter["headers"]),
    )
