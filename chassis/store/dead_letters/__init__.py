"""Dead letters: messages a handler gave up on, in a table, listed and sent again by SQL.

A table and not a queue, because looking into a quorum queue counts as delivery, and at its limit the looking loses the
messages. Lives here: storing, listing, redriving, purging. Not here: when to give up (``events``).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, RowMapping, Select, func, insert, select, text, tuple_, update
from sqlalchemy.orm import Session

from chassis.broker import topology
from chassis.broker.publisher import Outgoing
from chassis.broker.senders import SENDER
from chassis.ground import logs, tracing
from chassis.ground.ids import uuid7
from chassis.store.tables import _dead_letters

TABLE = _dead_letters(MetaData())

#: Publishes a batch with confirms; returns the message ids that reached no queue.
Publish = Callable[[list[Outgoing]], set[str]]

LISTED, REDRIVEN = 200, 1000

#: Of a letter that was sent again; one that was not stays until somebody decides.
KEPT = dt.timedelta(days=30)
_PURGE = text(
    """
    delete from dead_letters
    where ctid = any(array(select ctid from dead_letters where redriven_at < :before limit :at_most for update skip locked))
    """
)


def park(
    session: Session,
    *,
    consumer: str,
    message_id: str | None,
    body: bytes | str,
    headers: Mapping[str, Any],
    sender: str,
    reason: str,
    attempts: int,
) -> None:
    """Store a message with its bytes, who sent it, its reason and how often it was tried."""
    raw = body.encode() if isinstance(body, str) else bytes(body)
    row = {
        "id": uuid7(),
        "consumer": consumer,
        "message_id": _storable(message_id),
        "type": _storable(_type_of(raw)),
        "body": raw,
        "headers": {**_kept(headers), SENDER: _storable(sender)},
        "reason": _storable(logs.redact(reason)),
        "attempts": attempts,
        "trace_id": tracing.trace_id(str(headers.get("traceparent", ""))),
    }
    session.connection().execute(insert(TABLE), row)


def _kept(headers: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: _storable(str(value)) for name, value in headers.items() if name == "traceparent"}


def _type_of(body: bytes) -> str | None:
    try:
        found = json.loads(body).get("type")
    except (ValueError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def _storable(text: str | None) -> str | None:
    """A poisoned message must not poison its own dead letter: no NUL, no half surrogates, no endless text."""
    return None if text is None else text[:500].replace("\x00", "").encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Wanted:
    """Which dead letters: by id, handler, event type, a part of the reason, and when they died (aware instants).

    Those already sent again are left out unless requested.
    """

    ids: Sequence[str] = ()
    consumer: str | None = None
    event_type: str | None = None
    reason: str | None = None
    died_before: dt.datetime | None = None
    died_after: dt.datetime | None = None
    redriven: bool = False

    def of(self, statement: Select[Any]) -> Select[Any]:
        """The statement narrowed to them."""
        letter = TABLE.c
        if self.ids:
            statement = statement.where(letter.id.in_(self.ids))
        if self.consumer is not None:
            statement = statement.where(letter.consumer == self.consumer)
        if self.event_type is not None:
            statement = statement.where(letter.type == self.event_type)
        if self.reason is not None:
            statement = statement.where(letter.reason.icontains(self.reason, autoescape=True))
        if self.died_before is not None:
            statement = statement.where(letter.died_at < self.died_before)
        if self.died_after is not None:
            statement = statement.where(letter.died_at >= self.died_after)
        return statement if self.redriven else statement.where(TABLE.c.redriven_at.is_(None))


def list_dead(connection: Connection, wanted: Wanted) -> list[dict[str, Any]]:
    """The newest LISTED of them, without their bodies."""
    columns = [column for column in TABLE.columns if column.name not in ("body", "headers")]
    statement = wanted.of(select(*columns)).order_by(TABLE.c.died_at.desc(), TABLE.c.id.desc()).limit(LISTED)
    return [dict(row) for row in connection.execute(statement).mappings()]


def count(connection: Connection, wanted: Wanted) -> int:
    """How many there are."""
    return int(connection.execute(wanted.of(select(func.count()).select_from(TABLE))).scalar_one())


def show(connection: Connection, letter_id: str) -> dict[str, Any] | None:
    """One dead letter with its body."""
    row = connection.execute(select(TABLE).where(TABLE.c.id == letter_id)).mappings().one_or_none()
    return dict(row) if row is not None else None


def redrive(engine: Engine, publish: Publish, wanted: Wanted) -> tuple[int, int]:
    """Send them, the oldest first, back to their handlers' queues and mark them: how many were sent, and how many are
    left because they reached no queue.

    In batches of REDRIVEN, a transaction each. Taken with row locks, so two operators never send the same one; a crash
    before a commit sends its batch again, which the handlers' inbox and natural keys absorb. Only what was dead when it
    began: what dies again at once is not sent round and round.
    """
    with engine.connect() as connection:
        began = connection.execute(select(func.now())).scalar_one()
    until = min(began, wanted.died_before) if wanted.died_before else began
    wanted = replace(wanted, redriven=False, died_before=until)
    sent, left, last = 0, 0, None
    while True:
        with engine.begin() as connection:
            letters = _take(connection, wanted, last)
            if not letters:
                return sent, left
            unroutable = publish([_outgoing(letter) for letter in letters])
            done = [letter["id"] for letter in letters if str(letter["id"]) not in unroutable]
            connection.execute(update(TABLE).where(TABLE.c.id.in_(done)).values(redriven_at=func.now()))
        sent, left = sent + len(done), left + len(letters) - len(done)
        last = (letters[-1]["died_at"], letters[-1]["id"])


def _take(connection: Connection, wanted: Wanted, last: tuple[Any, Any] | None) -> Sequence[RowMapping]:
    key = (TABLE.c.died_at, TABLE.c.id)
    statement = wanted.of(select(TABLE)).order_by(*key).limit(REDRIVEN).with_for_update(skip_locked=True)
    if last is not None:
        statement = statement.where(tuple_(*key) > tuple_(*last))
    return connection.execute(statement).mappings().all()


def _outgoing(letter: Any) -> Outgoing:
    return Outgoing(
        body=bytes(letter["body"]),
        exchange="",
        routing_key=topology.consumer_queue(letter["consumer"]),
        message_id=str(letter["id"]),
        headers=dict(letter["headers"]),
    )


def purge(session: Session, before: dt.datetime, *, at_most: int = 5000) -> int:
    """Delete letters that were sent again before `before`, so many at a time; how many were deleted."""
    result: Any = session.connection().execute(_PURGE, {"before": before, "at_most": at_most})
    return int(result.rowcount)
