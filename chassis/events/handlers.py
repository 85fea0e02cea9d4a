"""Event handlers: batches in, each event's effect once, what fails retried later or laid aside.

Lives here: ``handler``, and a message from its arrival to its acknowledgement. Not here: ``inbox`` and ``dead_letters``.

A handler gets what has arrived as one batch, in one transaction with the inbox rows. Then:

* committed: acknowledged, all of the batch;
* the database is away, or time ran out: an infrastructure failure, so no attempt is counted; the handler pauses and tries
  again while its messages stay unacknowledged;
* the same, but the database answers: a batch is taken apart, so that one message cannot hold up its neighbours for ever;
  a lone one waits in a retry tier, still without an attempt counted;
* anything else: a batch is taken apart and each message tried alone; a lone one goes to the next retry tier, with a
  publisher confirm, and after the last tier into the service's ``dead_letters`` table;
* of a type the handler does not hear: the same tiers, for during an upgrade a newer process may hear it;
* unreadable, or not from the service its type belongs to: into ``dead_letters`` at once, with its bytes;
* held for HELD_SECONDS by all that: to a retry tier while the database is away, else given back to the broker.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

import amqp
import eventlet
from eventlet.event import Event as Signal
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint
from sqlalchemy import text

from chassis.broker import topology
from chassis.broker.publisher import Outgoing
from chassis.broker.senders import SENDER
from chassis.broker.wire import CONNECTION_ERRORS
from chassis.events import retries
from chassis.events.lane import BATCH, EventConsumer
from chassis.events.retries import LeftToTheBroker, UnknownType
from chassis.ground import lanes, metrics
from chassis.process.dependencies import Engines
from chassis.process.provided import Names, given_of
from chassis.store import dead_letters, inbox
from contracts.language import envelope

log = logging.getLogger(__name__)

#: For one batch, or one message of a batch that was taken apart.
SECONDS_ALLOWED = 120.0
#: No message is held longer, far from the broker's consumer timeout (30 minutes by default, hazard 29); what runs may end.
HELD_SECONDS = 1200.0
#: A worker that has not ended so long after its time is lost, and with it the word on its messages.
LOST_SECONDS = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
#: After so many pauses the handler checks whether the database answers at all.
PATIENCE = 2


def handler(use_case: Callable[..., Any], *, given: Names = ()) -> Any:
    """A handler ``use_case(work, events, **given)`` of the types whose catalogue entry names it as a subscriber.

    `events` are envelope.Event, each passed once. It runs in one transaction with the inbox.
    """

    def handle(self: Any, consumer: str, events: list[envelope.Event]) -> int:
        with self.database.work(replay=events[0].replay) as work:
            new = inbox.claim(work.session, consumer, [event.id for event in events])
            fresh = _first_of_each(events, new)
            if fresh:
                use_case(work, fresh, **given_of(self, given))
        return len(fresh)

    return EventHandler.decorator(handle)


def _first_of_each(events: list[envelope.Event], new: set[Any]) -> list[envelope.Event]:
    remaining = set(new)
    fresh = []
    for event in events:
        if event.id in remaining:
            remaining.discard(event.id)
            fresh.append(event)
    return fresh


class EventHandler(Entrypoint):  # type: ignore[misc]
    """nameko's entrypoint behind ``handler``: one batch at a time per handler and process."""

    lane = lanes.EVENTS
    consumer = EventConsumer()
    engines = Engines()

    event_types: tuple[str, ...]

    def __init__(self) -> None:
        super().__init__()
        self.arrived: deque[amqp.Message] = deque()
        self._at_work = False

    @property
    def consumer_name(self) -> str:
        return f"{self.container.service_name}.{self.method_name}"

    def setup(self) -> None:
        self.event_types = topology.types_of_subscriber(self.consumer_name)
        self.consumer.register(self)

    def stop(self) -> None:
        self.consumer.cancel()
        self.arrived.clear()

    @staticmethod
    def seconds_allowed(headers: dict[str, Any]) -> float:
        """How long one batch may take."""
        return SECONDS_ALLOWED

    # -- from arrival to acknowledgement

    def on_message(self, message: amqp.Message) -> None:
        """Called by the reader; only notes the message and makes sure somebody works."""
        self.consumer.note_arrival(message)
        metrics.events_received.labels(self.consumer_name).inc()
        self.arrived.append(message)
        if not self._at_work:
            self._at_work = True
            self.container.spawn_settling(self._work_off, self.consumer_name)

    def on_dead_message(self, message: amqp.Message) -> None:
        """A message the broker gave up on: lay it aside in the table."""
        self.consumer.note_arrival(message)

        def lay_aside() -> None:
            with contextlib.suppress(LeftToTheBroker):
                self._lay_aside(message, "delivery_limit", consumer=retries.died_at(_headers(message)))

        self.container.spawn_settling(lay_aside, "dead letters")

    def _work_off(self) -> None:
        try:
            while self.arrived:
                batch = [self.arrived.popleft() for _ in range(min(BATCH, len(self.arrived)))]
                readable = [(message, event) for message in batch if (event := self._read(message)) is not None]
                # what a replay causes is a replay too, so the two kinds never share a unit of work
                for replay in (False, True):
                    if alike := [pair for pair in readable if pair[1].replay is replay]:
                        with contextlib.suppress(LeftToTheBroker):  # others may have arrived on a new connection
                            self._settle(alike)
        except (ContainerBeingKilled, LeftToTheBroker):
            self.arrived.clear()
        except Exception as error:
            log.exception("%s: a fault of the chassis", self.consumer_name)
            self.consumer.break_connection(f"{self.consumer_name}: {error!r}")
        finally:
            self._at_work = False

    def _read(self, message: amqp.Message) -> envelope.Event | None:
        try:
            event = envelope.parse(message.body)
        except ValueError as error:
            self._lay_aside(message, f"undecodable: {error}")
            return None
        if event.type not in self.event_types:
            self._retry_later(message, UnknownType(event.type), sender=self.consumer.senders.first_of(message))
            return None
        if (flaw := self.consumer.senders.flaw(message, event.type)) is not None:
            self._lay_aside(message, flaw)
            return None
        return event

    def _settle(self, batch: list[tuple[amqp.Message, envelope.Event]]) -> None:
        """Bring every message of the batch to its end."""
        failure = self._run([event for _, event in batch], batch[0][0])
        if failure is None:
            for message, _ in batch:
                self.consumer.ack(message)
        elif len(batch) > 1:
            log.warning("%s: a batch of %d failed, trying one by one: %r", self.consumer_name, len(batch), failure)
            for number, (message, event) in enumerate(batch):
                # one at least, so that it goes forward
                if not number or self.consumer.held_seconds(message) < HELD_SECONDS:
                    self._settle([(message, event)])
                elif self.consumer.delays and retries.is_infrastructure_failure(failure):
                    # given back, it would come nearer to the delivery limit each time
                    self._retry_later(message, failure)
                else:
                    self._gives_back(message)
        elif self.consumer.delays or not retries.is_infrastructure_failure(failure):
            self._retry_later(batch[0][0], failure)
        else:  # nowhere to wait
            self._gives_back(batch[0][0])

    def _run(self, events: list[envelope.Event], message: amqp.Message) -> BaseException | None:
        """Run the handler until it succeeds, fails by its own fault, or must wait in a retry tier; returns that failure."""
        pause, pauses = FIRST_PAUSE, 0
        while self.consumer.is_live(message):
            result, failure = self._run_once(events)
            if failure is None:
                metrics.events_applied.labels(self.consumer_name).inc(result)
                metrics.events_repeated.labels(self.consumer_name).inc(len(events) - result)
                return None
            if not retries.is_infrastructure_failure(failure):
                return failure
            if self.consumer.held_seconds(message) >= HELD_SECONDS:
                return failure
            if (pauses >= PATIENCE or isinstance(failure, eventlet.Timeout)) and self._may_wait_alone():
                return failure
            pauses += 1
            metrics.events_paused.labels(self.consumer_name).inc()
            log.warning("%s: paused %.1f s, no attempt counted: %r", self.consumer_name, pause, failure)
            self._pause(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        raise LeftToTheBroker()

    def _pause(self, seconds: float) -> None:
        """Wait before another attempt; raises LeftToTheBroker where the process ends meanwhile."""
        if self.consumer.stopped.wait(seconds):
            raise LeftToTheBroker()

    def _may_wait_alone(self) -> bool:
        """Whether there is somewhere to wait, and the database answers: then the fault lies nearer to the message."""
        try:
            with self.engines.lane(lanes.EVENTS).reading() as work:
                work.session.execute(text("""select 1"""))
        except Exception:
            return False
        return bool(self.consumer.delays)

    def _run_once(self, events: list[envelope.Event]) -> tuple[Any, BaseException | None]:
        done = Signal()

        def handle_result(worker_ctx: Any, result: Any, exc_info: Any) -> None:
            done.send((result, exc_info[1] if exc_info else None))

        context = {"traceparent": events[0].traceparent} if events[0].traceparent else {}
        self.container.spawn_worker(self, (self.consumer_name, events), {}, context, handle_result)
        answer = done.wait(SECONDS_ALLOWED + LOST_SECONDS)
        if answer is None:
            raise RuntimeError("a worker ended without a word")
        return answer  # type: ignore[no-any-return]

    def _retry_later(self, message: amqp.Message, failure: BaseException, *, sender: str | None = None) -> None:
        """`sender` goes along where the message was not believed yet: it comes back under our own name."""
        decision = retries.decide_retry(_headers(message), failure, self.consumer.delays)
        if decision.delay_seconds is None:
            self._lay_aside(message, retries.reason_of(failure), attempts=decision.attempts)
            return
        tier = topology.retry_tier(self.container.service_name, decision.delay_seconds)
        log.warning("%s: %d attempts failed, again by %s: %r", self.consumer_name, decision.attempts, tier, failure)
        outgoing = Outgoing(
            body=message.body,
            exchange=tier,
            routing_key=topology.consumer_queue(self.consumer_name),
            message_id=message.properties.get("message_id"),
            headers=decision.headers if sender is None else {**decision.headers, SENDER: sender},
        )
        pause = FIRST_PAUSE
        # it has a connection of its own: while the message's lives, the broker would not deliver it again
        while self.consumer.is_live(message):
            if self._reaches_its_queue(outgoing):
                metrics.events_retried.labels(self.consumer_name, tier).inc()
                if retries.is_infrastructure_failure(failure):
                    metrics.events_waited.labels(self.consumer_name).inc()
                self.consumer.ack(message)
                return
            if self._gives_back(message):
                return
            self._pause(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _reaches_its_queue(self, outgoing: Outgoing) -> bool:
        try:
            fault: object = self.consumer.publisher.publish([outgoing]) and "it has no queue; run `topology apply`"
        except CONNECTION_ERRORS as error:
            fault = error
        if fault:
            log.warning("%s: could not reach %s: %s", self.consumer_name, outgoing.exchange, fault)
        return not fault

    def _lay_aside(self, message: amqp.Message, reason: str, *, attempts: int = 0, consumer: str | None = None) -> None:
        """Move a message into ``dead_letters`` and acknowledge it; waits for the database as long as the message may be held."""
        pause = FIRST_PAUSE
        consumer = consumer or self.consumer_name
        while self.consumer.is_live(message):
            try:
                with self.engines.lane(lanes.EVENTS).work() as work:
                    dead_letters.park(
                        work.session,
                        consumer=consumer,
                        message_id=message.properties.get("message_id"),
                        body=message.body,
                        headers=_headers(message),
                        sender=self.consumer.senders.first_of(message),
                        reason=reason,
                        attempts=attempts,
                    )
            except Exception as error:
                log.warning("%s: dead letter not stored yet: %r", consumer, error)
                if self._gives_back(message):
                    return
                self._pause(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            log.error("%s: moved to dead letters: %s", consumer, reason)
            metrics.events_dead.labels(consumer, reason.partition(":")[0]).inc()
            self.consumer.ack(message)
            return

    def _gives_back(self, message: amqp.Message) -> bool:
        """Give the message back where it was held for HELD_SECONDS; whether it was."""
        is_too_long = self.consumer.held_seconds(message) >= HELD_SECONDS
        if is_too_long:
            log.warning("%s: held for too long, given back to the broker", self.consumer_name)
            metrics.events_given_back.labels(self.consumer_name).inc()
            self.consumer.give_back(message)
        return is_too_long


def _headers(message: amqp.Message) -> dict[str, Any]:
    return dict(message.properties.get("application_headers") or {})
