"""The entries of a service's database: commands, history, events, inbox, dead letters, messages, imports.

Lives here: the queries, in read-only transactions. All rows of a unit of work have the same instant (``Work.now``); it links a
request to its events, and an event to the command that caused it. Not here: any write.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, cast, func, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP

from chassis.ground import tracing
from chassis.ground.logs import redact
from chassis.store import dead_letters, history, inbox, outbox
from cli.timeline.entries import LIMIT, Entry, Ids
from contracts.catalogue import EVENTS

_COMMANDS = text(
    """
    select method, client_id, created_at, reply is not null as is_answered from idempotency_keys
    where created_at = any(:instants) order by created_at limit :limit
    """
)
_IMPORTS = text(
    """
    select id, mode, state, total, request_id, created_at, finished_at from imports
    where request_id = any(:requests) order by created_at limit :limit
    """
)
_REQUEST_OF = text("""select request_id from imports where id = :id""")
_EVENT_OF = text(
    """
    select event_id from messages where id = :id
    union select event_id from messages join deliveries on message_id = messages.id where deliveries.id = :id
    """
)
_MESSAGES = text(
    """
    select id, event_id, template_key, urgency, created_at, read_at from messages
    where event_id = any(cast(:events as uuid[])) order by created_at limit :limit
    """
)
_DELIVERIES = text(
    """
    select id, message_id, channel, state, reason, attempts, created_at, settled_at from deliveries
    where message_id = any(cast(:messages as uuid[])) order by created_at limit :limit
    """
)


class Records:
    """One service's database, read since an instant. `events` and `instants` grow as more ids are known."""

    def __init__(self, connection: Connection, service: str, since: dt.datetime) -> None:
        self._connection, self._service, self._since = connection, service, since
        self._events: Sequence[Any] = ()
        self._history: Sequence[Any] = ()

    def look_up(self, one_id: str, ids: Ids) -> None:
        """Take a UUID for an event's id; where it is a dead letter's, an import's, a message's or a delivery's, for what that
        came from.
        """
        ids.events.add(one_id)
        if letter := dead_letters.show(self._connection, one_id):
            ids.traces |= {letter["trace_id"]} if letter["trace_id"] else set()
            with contextlib.suppress(ValueError):
                ids.events.add(str(UUID(letter["message_id"] or "")))
        if self._service == "talent":
            ids.requests |= set(self._connection.execute(_REQUEST_OF, {"id": one_id}).scalars())
        if self._service == "notify":
            ids.events |= {str(found) for found in self._connection.execute(_EVENT_OF, {"id": one_id}).scalars()}

    def extend(self, ids: Ids) -> None:
        """Add the further ids of these rows to `ids`."""
        instants = {row.recorded_at for row in self._history} | {row.created_at for row in self._events}
        if self._service == "talent" and ids.requests:
            instants |= {row.created_at for row in self._rows(_IMPORTS, requests=sorted(ids.requests))}
        self._history = self._find_history(ids.requests, instants)
        instants |= {row.recorded_at for row in self._history}
        self._events = self._find_events(ids, instants)
        ids.requests |= {row.request_id for row in self._history if row.request_id}
        ids.events |= {str(row.id) for row in self._events}
        ids.traces |= {found for row in self._events if (found := tracing.trace_id(row.traceparent))}

    def entries(self, ids: Ids) -> list[Entry]:
        """Everything that happened here under these ids."""
        found = [*self._commands(), *self._changes(), *self._announced(), *self._applied(ids), *self._dead(ids)]
        if self._service == "talent":
            found += self._imports(ids)
        if self._service == "notify":
            found += self._notified(ids)
        return found

    # -- finding

    def _find_history(self, requests: set[str], instants: set[dt.datetime]) -> Sequence[Any]:
        table = history.TABLE
        linked = or_(table.c.request_id.in_(requests), table.c.recorded_at == _any_of(instants))
        statement = select(table).where(linked, table.c.recorded_at >= self._since)
        return self._connection.execute(statement.order_by(table.c.id).limit(LIMIT)).all()

    def _find_events(self, ids: Ids, instants: set[dt.datetime]) -> Sequence[Any]:
        table = outbox.TABLE
        columns = [table.c[name] for name in ("id", "created_at", "published_at", "type", "subject_id", "version")]
        linked = [
            table.c.id.in_([UUID(event) for event in ids.events]),
            func.substr(table.c.traceparent, 4, 32).in_(ids.traces),
            table.c.created_at == _any_of(instants),
        ]
        statement = select(*columns, table.c.traceparent).where(and_(or_(*linked), table.c.created_at >= self._since))
        return self._connection.execute(statement.order_by(table.c.id).limit(LIMIT)).all()

    def _rows(self, statement: Any, **values: Any) -> Sequence[Any]:
        return self._connection.execute(statement, {**values, "limit": LIMIT}).all()

    # -- entries

    def _entry(self, at: dt.datetime, kind: str, what: str, **about: Any) -> Entry:
        return Entry(at, self._service, kind, redact(what), {name: value for name, value in about.items() if value})

    def _commands(self) -> list[Entry]:
        instants = {row.recorded_at for row in self._history} | {row.created_at for row in self._events}
        return [
            self._entry(row.created_at, "rpc", f"{row.method}", client=row.client_id)
            for row in self._rows(_COMMANDS, instants=sorted(instants))
        ]

    def _changes(self) -> list[Entry]:
        return [
            self._entry(
                row.recorded_at,
                "record",
                f"{row.subject} {row.from_state or '-'} -> {row.to_state}" + (f" ({row.reason})" if row.reason else ""),
                subject_id=row.subject_id,
                request_id=row.request_id,
                client=row.client_id,
            )
            for row in self._history
        ]

    def _announced(self) -> list[Entry]:
        found = []
        for row in self._events:
            about = {"event_id": str(row.id), "subject_id": row.subject_id, "version": row.version}
            about["trace_id"] = tracing.trace_id(row.traceparent)
            found.append(self._entry(row.created_at, "event", row.type, **about))
            if row.published_at:
                found.append(self._entry(row.published_at, "published", row.type, event_id=str(row.id)))
        return found

    def _applied(self, ids: Ids) -> list[Entry]:
        prefix = f"{self._service}."
        mine = {name for event in EVENTS.values() for name in event.subscribers if name.startswith(prefix)}
        table = inbox.TABLE
        statement = select(table).where(
            table.c.consumer.in_(mine), table.c.message_id.in_([UUID(event) for event in ids.events])
        )
        rows = self._connection.execute(statement.limit(LIMIT)).all()
        return [
            self._entry(row.received_at, "applied", f"by {row.consumer}", event_id=str(row.message_id)) for row in rows
        ]

    def _dead(self, ids: Ids) -> list[Entry]:
        table = dead_letters.TABLE
        linked = or_(table.c.trace_id.in_(ids.traces), table.c.message_id.in_(ids.events))
        columns = [
            table.c[name] for name in ("id", "consumer", "message_id", "type", "reason", "died_at", "redriven_at")
        ]
        found = []
        for row in self._connection.execute(select(*columns).where(linked).limit(LIMIT)).all():
            about = {"dead_letter_id": str(row.id), "event_id": row.message_id}
            found.append(self._entry(row.died_at, "dead", f"{row.consumer}: {row.type}: {row.reason}", **about))
            if row.redriven_at:
                found.append(self._entry(row.redriven_at, "redriven", f"{row.consumer}: {row.type}", **about))
        return found

    def _imports(self, ids: Ids) -> list[Entry]:
        found = []
        for row in self._rows(_IMPORTS, requests=sorted(ids.requests)):
            about = {"import_id": str(row.id), "request_id": row.request_id}
            found.append(self._entry(row.created_at, "import", f"{row.mode} begun", **about))
            if row.finished_at:
                found.append(self._entry(row.finished_at, "import", f"{row.state}, {row.total} rows", **about))
        return found

    def _notified(self, ids: Ids) -> list[Entry]:
        found, messages = [], self._rows(_MESSAGES, events=sorted(ids.events))
        for row in messages:
            about = {"message_id": str(row.id), "event_id": str(row.event_id)}
            found.append(self._entry(row.created_at, "message", f"{row.template_key} ({row.urgency})", **about))
            if row.read_at:
                found.append(self._entry(row.read_at, "read", row.template_key, **about))
        for row in self._rows(_DELIVERIES, messages=sorted(str(message.id) for message in messages)):
            about = {"delivery_id": str(row.id), "message_id": str(row.message_id)}
            what = f"{row.channel}: {row.state}" + (f" ({row.reason})" if row.reason else "")
            found.append(self._entry(row.settled_at or row.created_at, "delivery", what, **about))
        return found


def _any_of(instants: set[dt.datetime]) -> Any:
    return func.any(cast(sorted(instants), ARRAY(TIMESTAMP(timezone=True))))
