"""The relay: publishes what the outbox holds, one relay per service, nothing marked before it is confirmed.

Lives here: the lane that reads the outbox, and the advisory lock that lets one process of a service do it. Not here: the
outbox table (``outbox``), confirms (``publisher``). A crash between confirm and mark publishes the batch again under the
same message ids; the consumers' inbox absorbs it. Processes without the lock try for it about once a second, so when the
holder dies (its database session ends with it) another takes over. So it does when the holder loses the broker: it gives the lock
up, and does not try for it at once.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import eventlet
from nameko.extensions import DependencyProvider
from sqlalchemy import Connection, text

from chassis.broker import topology
from chassis.broker.publisher import ConfirmedPublisher, Outgoing
from chassis.broker.wire import CONNECTION_ERRORS
from chassis.ground import lanes, metrics
from chassis.store import outbox
from chassis.store.database import is_transient, make_engine
from contracts.catalogue import EVENTS

log = logging.getLogger(__name__)

BATCH = 500
#: Of the bodies of a batch; it holds one event at least.
BATCH_BYTES = 8 * 2**20
IDLE_SECONDS = 0.1
LOCK_SECONDS = 1.0
FAULT_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 5.0
_LOCK_KEY = 0x596F757468  # "Youth": the same in every service, as each has a database of its own
_TRY_LOCK = text("""select pg_try_advisory_lock(:key)""")


class Relay(DependencyProvider):  # type: ignore[misc]
    """The relay lane of a service. ``wake`` makes it look at once; otherwise it looks ten times a second."""

    lane = lanes.RELAY

    def setup(self) -> None:
        service = self.container.service_name
        settings = self.container.config["settings"]
        self._engine = make_engine(settings.database_url, pool_size=1, name=f"{service}.relay")
        self._publisher = ConfirmedPublisher(
            self.container.config["AMQP_URI"],
            name=f"{service}.relay",
            exchanges=(topology.events_exchange(service),),
        )
        self._woken = threading.Event()
        self._stopping = False
        self._kept_alive_at = 0.0

    def start(self) -> None:
        self.container.spawn_managed_thread(self._run, identifier="relay")

    def stop(self) -> None:
        """Publish what the last workers left, then end."""
        self._stopping = True
        self._woken.set()
        self._publisher.close()

    kill = stop

    def wake(self) -> None:
        """There is something new in the outbox."""
        if not self._woken.is_set():
            self._woken.set()

    def get_dependency(self, worker_ctx: Any) -> Any:
        return None

    def _run(self) -> None:
        while not self._stopping:
            try:
                with self._engine.connect() as connection:
                    if connection.execute(_TRY_LOCK, {"key": _LOCK_KEY}).scalar():
                        connection.commit()
                        log.info("relay: this process publishes")
                        self._relay(connection)
                    else:
                        connection.rollback()
                        _say_nothing_waits()  # whoever has the lock says what waits
                        eventlet.sleep(LOCK_SECONDS)
            except CONNECTION_ERRORS as error:
                log.warning("relay: broker fault, another may try: %s", error)
                self._engine.dispose()  # the lock ends with the session
                eventlet.sleep(FAULT_SECONDS + 2 * LOCK_SECONDS)
            except Exception as error:
                level = logging.WARNING if is_transient(error) else logging.ERROR
                log.log(level, "relay: fault, trying again", exc_info=error)
                self._engine.dispose()
                eventlet.sleep(FAULT_SECONDS)

    def _relay(self, connection: Connection) -> None:
        while not self._stopping:
            self._woken.clear()
            self._measure(connection)  # first, so that the age of the outbox is reported while nothing can be published
            if not self._publish_batch(connection):
                self._woken.wait(IDLE_SECONDS)

    def _publish_batch(self, connection: Connection) -> bool:
        """Publish up to BATCH rows, or BATCH_BYTES, in their order, mark those confirmed; whether there may be more."""
        with connection.begin():
            rows, has_more = outbox.take_unpublished(connection, BATCH, BATCH_BYTES)
            if not rows:
                return False
            unroutable = self._publisher.publish([_outgoing(row) for row in rows])
            lost = {row.id for row in rows if str(row.id) in unroutable and _is_expected(row)}
            outbox.mark_published(connection, [(row.id, row.created_at) for row in rows if row.id not in lost])
        metrics.outbox_published.inc(len(rows) - len(lost))
        if lost:
            metrics.outbox_unroutable.inc(len(lost))
            log.error("relay: %d events have subscribers but no queue; run `topology apply`", len(lost))
            eventlet.sleep(FAULT_SECONDS)
        return has_more

    def _measure(self, connection: Connection) -> None:
        now = time.monotonic()
        if now - self._kept_alive_at > KEEP_ALIVE_SECONDS:
            self._kept_alive_at = now
            self._publisher.keep_alive()
            with connection.begin():
                count, oldest_seconds = outbox.backlog(connection)
            metrics.outbox_backlog.set(count)
            metrics.outbox_age.set(oldest_seconds)


def _say_nothing_waits() -> None:
    metrics.outbox_backlog.set(0)
    metrics.outbox_age.set(0)


def _outgoing(row: Any) -> Outgoing:
    to_one_queue = row.only_for is not None
    return Outgoing(
        body=row.body,
        exchange="" if to_one_queue else topology.events_exchange(topology.source_of(row.type)),
        routing_key=row.only_for if to_one_queue else row.type,
        message_id=str(row.id),
        headers={"traceparent": row.traceparent} if row.traceparent else {},
        message_type=row.type,
    )


def _is_expected(row: Any) -> bool:
    """Whether the catalogue names a subscriber: then an event that reached no queue must not be marked as published."""
    entry = EVENTS.get(row.type)
    return row.only_for is not None or bool(entry and entry.subscribers)
