"""The relay: publishes what the outbox holds, one relay per service, nothing marked before it is confirmed.

Lives here: the lane that reads the outbox, and the advisory lock that lets one process of a service do it. Not here: the
outbox table (``outbox``), confirms (``publisher``). A crash between confirm and mark publishes the batch again under the
same message ids; the consumers' inbox absorbs it. Processes without the lock try for it about once a second, so when the
holder dies (its database session ends with it) another takes over. So it does when the holder loses the broker: it gives the lock
up, and does not try for it at once.

An event that cannot reach each of its subscribers is held, so that it stands at no head: it reached no queue, or the queue of one
subscriber is missing, which the broker does not report while another gets it. The oldest of each routing key is tried again every
PROBE_SECONDS, and once it arrives the others follow.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import eventlet
from eventlet.greenthread import GreenThread
from nameko.extensions import SharedExtension
from sqlalchemy import Connection, Row, text

from chassis.broker import topology
from chassis.broker.publisher import ConfirmedPublisher, Outgoing
from chassis.broker.wire import CONNECTION_ERRORS, Wire
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
PROBE_SECONDS = 5.0
#: For the last pass at the end of a process, and for the confirms of its last batch.
LAST_PASS_SECONDS = 6.0
_LOCK_KEY = 0x596F757468  # "Youth": the same in every service, as each has a database of its own
_TRY_LOCK = text("""select pg_try_advisory_lock(:key)""")


class Relay(SharedExtension):  # type: ignore[misc]
    """The relay lane of a service. ``wake`` makes it look at once; otherwise it looks ten times a second.

    nameko stops it after the workers and the dependencies, so its last pass publishes what they have committed.
    """

    lane = lanes.RELAY

    def __init__(self) -> None:
        super().__init__()
        self._thread: GreenThread | None = None
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._measured_at = self._probed_at = 0.0
        self._cut_off: dict[str, list[str]] = {}

    def setup(self) -> None:
        if self.lane not in self.container.lanes:
            return
        service = self.container.service_name
        settings = self.container.config["settings"]
        self._engine = make_engine(settings.database_url, pool_size=1, name=f"{service}.relay")
        self._publisher = ConfirmedPublisher(
            self.container.config["AMQP_URI"],
            name=f"{service}.relay",
            exchanges=(topology.events_exchange(service),),
            on_connect=self._look_for_queues,
        )

    def start(self) -> None:
        if self.lane in self.container.lanes:
            self._thread = self.container.spawn_managed_thread(self._run, identifier="relay")

    def stop(self) -> None:
        """Publish what the last workers left, then end."""
        self._stopped.set()
        self._woken.set()
        if self._thread is not None:
            with eventlet.Timeout(LAST_PASS_SECONDS, False):
                self._thread.wait()
            self._publisher.close()
            self._engine.dispose()

    def kill(self) -> None:
        """End at once; what waits is published by the next process."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.kill()
            self._publisher.close()

    def wake(self) -> None:
        """There is something new in the outbox."""
        if not self._woken.is_set():
            self._woken.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._engine.connect() as connection:
                    if connection.execute(_TRY_LOCK, {"key": _LOCK_KEY}).scalar():
                        connection.commit()
                        log.info("relay: this process publishes")
                        self._relay(connection)
                    else:
                        connection.rollback()
                        _report(outbox.Backlog(0, 0, 0))  # whoever has the lock reports what waits
                        self._stopped.wait(LOCK_SECONDS)
            except CONNECTION_ERRORS as error:
                log.warning("relay: broker fault, another may try: %s", error)
                self._engine.dispose()  # the lock ends with the session
                self._stopped.wait(FAULT_SECONDS + 2 * LOCK_SECONDS)
            except Exception as error:
                level = logging.WARNING if is_transient(error) else logging.ERROR
                log.log(level, "relay: fault, trying again", exc_info=error)
                self._engine.dispose()
                self._stopped.wait(FAULT_SECONDS)

    def _relay(self, connection: Connection) -> None:
        while True:
            is_last = self._stopped.is_set()
            self._woken.clear()
            self._measure(connection)  # first, so that the age of the outbox is reported while nothing can be published
            self._probe(connection)
            if self._publish_batch(connection):
                continue
            if is_last:
                return
            if not self._stopped.is_set():
                self._woken.wait(IDLE_SECONDS)

    def _look_for_queues(self, wire: Wire) -> None:
        """Note, with each new connection, which event types cannot reach a subscriber."""
        self._cut_off = topology.missing_subscriber_queues(wire, self.container.service_name)
        for event_type, queues in self._cut_off.items():
            log.error("relay: %s is held, for %s is missing; run `topology apply`", event_type, ", ".join(queues))

    def _publish_batch(self, connection: Connection) -> bool:
        """Publish up to BATCH rows, or BATCH_BYTES, in their order, mark those confirmed; whether there may be more."""
        with connection.begin():
            rows, has_more = outbox.take_unpublished(connection, BATCH, BATCH_BYTES)
            if not rows:
                return False
            lost = self._publish(rows)
            outbox.mark_published(connection, _keys(row for row in rows if row.id not in lost))
            if lost:
                outbox.hold(connection, _keys(row for row in rows if row.id in lost))
        metrics.outbox_published.inc(len(rows) - len(lost))
        if lost:
            metrics.outbox_unroutable.inc(len(lost))
            keys = ", ".join(sorted({row.only_for or row.type for row in rows if row.id in lost}))
            log.error("relay: %d events reached no queue and are held (%s); run `topology apply`", len(lost), keys)
        return has_more

    def _publish(self, rows: Sequence[Row[Any]]) -> set[UUID]:
        """Publish rows; the ids of those that did not reach each subscriber."""
        self._publisher.connect()
        cut_off = {row.id for row in rows if row.only_for is None and row.type in self._cut_off}
        unroutable = self._publisher.publish([_outgoing(row) for row in rows if row.id not in cut_off])
        return cut_off | {row.id for row in rows if str(row.id) in unroutable and _is_expected(row)}

    def _probe(self, connection: Connection) -> None:
        """Try the oldest held row of each routing key again; where one arrives, the others wait for their turn again."""
        if not _is_due(self._probed_at, PROBE_SECONDS):
            return
        released = 0
        with connection.begin():
            if probes := outbox.take_probes(connection):
                if self._cut_off:
                    self._publisher.close()  # the next connection looks for the queues again
                lost = self._publish(probes)
                arrived = [row for row in probes if row.id not in lost]
                for row in arrived:
                    released += outbox.release(connection, row.type, row.only_for)
                outbox.mark_published(connection, _keys(arrived))
        if released:
            log.info("relay: %d held events have a queue again", released)
        else:
            self._probed_at = time.monotonic()

    def _measure(self, connection: Connection) -> None:
        if _is_due(self._measured_at, KEEP_ALIVE_SECONDS):
            self._measured_at = time.monotonic()
            self._publisher.keep_alive()
            with connection.begin():
                _report(outbox.backlog(connection))


def _is_due(last: float, seconds: float) -> bool:
    return time.monotonic() - last > seconds


def _keys(rows: Iterable[Row[Any]]) -> list[tuple[UUID, dt.datetime]]:
    return [(row.id, row.created_at) for row in rows]


def _report(backlog: outbox.Backlog) -> None:
    metrics.outbox_backlog.set(backlog.waiting)
    metrics.outbox_age.set(backlog.oldest_seconds)
    metrics.outbox_held.set(backlog.held)


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
    """Whether a subscriber may wait for it: then an event that reached no queue must not be marked as published. A type this
    process does not know is a newer replica's.
    """
    entry = EVENTS.get(row.type)
    return row.only_for is not None or entry is None or bool(entry.subscribers)
