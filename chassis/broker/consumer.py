"""A lane's consumer: one broker connection, kept or re-made, that feeds the lane's entrypoints.

Lives here: connecting, consuming, reconnecting, stopping without losing an acknowledgement. Not here: what a message
means (``rpc``, ``events``). It takes the place of nameko's ``QueueConsumer``, whose connection closes before running
workers have acknowledged (docs/hazards.md, 1), which waits for ever at boot and at SIGTERM while the broker is away,
and which keeps every lane on one channel.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import amqp
import eventlet
from amqp import spec
from amqp.exceptions import PreconditionFailed
from eventlet.greenthread import GreenThread
from nameko.extensions import SharedExtension

from chassis.broker.topology import TopologyConflict
from chassis.broker.wire import CONNECTION_ERRORS, Wire
from chassis.ground import metrics

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
_ARRIVED_AT = "arrived_at"


class Subscription(NamedTuple):
    queue: str
    prefetch: int
    on_message: Callable[[amqp.Message], None]


class LaneConsumer(SharedExtension):  # type: ignore[misc]
    """Base of the rpc and the events lane. A subclass says what to declare and what to consume."""

    lane = ""

    def __init__(self) -> None:
        super().__init__()
        self.entrypoints: list[Any] = []
        self.ready = False
        self._wire: Wire | None = None
        self._channel: amqp.Channel | None = None
        self._tags: list[str] = []
        self.stopped = threading.Event()
        self._thread: GreenThread | None = None

    def declare(self, channel: amqp.Channel) -> None:
        """Declare what is consumed from and published to; runs on each new connection."""
        raise NotImplementedError

    def subscriptions(self) -> Iterable[Subscription]:
        """The queues to consume."""
        raise NotImplementedError

    def connection_lost(self) -> None:
        """Forget what was received on the old connection: the broker delivers it again."""

    def register(self, entrypoint: Any) -> None:
        """Called by each entrypoint of the lane in its own ``setup``."""
        self.entrypoints.append(entrypoint)

    # -- nameko's lifecycle

    def start(self) -> None:
        """Begin to connect; returns at once, so that a process can boot before its broker."""
        if self.entrypoints and self._thread is None:
            self._thread = self.container.spawn_managed_thread(self._run, identifier=f"{self.lane} consumer")

    def cancel(self) -> None:
        """Take no more messages; what runs goes on, and its acknowledgements still go out."""
        self.stopped.set()
        tags, self._tags = self._tags, []
        self._set_ready(False)
        if self._channel is not None and self._channel.is_open:
            with contextlib.suppress(*CONNECTION_ERRORS):
                for tag in tags:
                    self._channel.send_method(spec.Basic.Cancel, "sb", (tag, True))

    def stop(self) -> None:
        """Close the connection. The container calls this last, when no worker of the lane runs any more."""
        self.stopped.set()
        if self._wire is not None:
            self._wire.close()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.kill()

    kill = stop

    # -- the connection

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self.stopped.is_set():
            try:
                with self._connected() as wire:
                    pause = FIRST_PAUSE
                    wire.read()
            except TopologyConflict:
                self._thread = None  # it ends here by itself, and must not be killed while it ends the container
                raise
            except CONNECTION_ERRORS as error:
                log.warning("%s lane: broker lost or not reachable, next try in %.1f s: %s", self.lane, pause, error)
            if not self.stopped.is_set():
                eventlet.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    @contextlib.contextmanager
    def _connected(self) -> Any:
        name = f"{self.container.service_name}.{self.lane}"
        wire = self._wire = Wire(self.container.config["AMQP_URI"], name=name)
        try:
            channel = self._channel = wire.connection.channel()
            channel.auto_decode = False
            self._tags = []
            try:
                self.declare(channel)
            except PreconditionFailed as error:
                raise TopologyConflict(
                    f"a queue has other arguments; migrate it or take a new name: {error}"
                ) from error
            for number, subscription in enumerate(self.subscriptions()):
                self._consume(channel, f"{self.lane}.{number}", subscription)
            self._set_ready(True)
            log.info("%s lane: consuming", self.lane)
            yield wire
        finally:
            self._set_ready(False)
            self._channel = None
            wire.close()
            self.connection_lost()

    def _consume(self, channel: amqp.Channel, tag: str, subscription: Subscription) -> None:
        channel.basic_qos(0, subscription.prefetch, False)
        channel.basic_consume(
            subscription.queue,
            consumer_tag=tag,
            callback=subscription.on_message,
            on_cancel=self._cancelled_by_broker,
        )
        self._tags.append(tag)

    def _cancelled_by_broker(self, tag: str) -> None:
        log.warning("%s lane: the broker cancelled consumer %s, connecting anew", self.lane, tag)
        if self._wire is not None:
            self._wire.close()

    def _set_ready(self, ready: bool) -> None:
        self.ready = ready
        metrics.lane_ready.labels(self.lane).set(int(ready))

    # -- answers

    @property
    def wire(self) -> Wire | None:
        """The connection in use, None while there is none."""
        return self._wire if self.ready or self.stopped.is_set() else None

    def ack(self, message: amqp.Message) -> None:
        """Acknowledge, where the message's connection still lives; else the broker delivers it again."""
        self._settle(message, Wire.ack)

    def give_back(self, message: amqp.Message) -> None:
        """Let the broker deliver the message again, to whoever takes it first."""
        self._settle(message, lambda channel, tag: channel.basic_reject(tag, requeue=True))

    def drop(self, message: amqp.Message) -> None:
        """Settle a message that cannot be handled, now or later."""
        self._settle(message, lambda channel, tag: channel.basic_reject(tag, requeue=False))

    def _settle(self, message: amqp.Message, settle: Callable[[amqp.Channel, int], None]) -> None:
        channel = message.channel
        if channel is not None and channel.connection is not None:
            try:
                settle(channel, message.delivery_info["delivery_tag"])
            except CONNECTION_ERRORS as error:
                self.break_connection(str(error))

    def break_connection(self, reason: str) -> None:
        """End the connection: what was not settled on it comes again. The last resort, so that no message is held for ever."""
        log.error("%s lane: connecting anew: %s", self.lane, reason)
        if self._wire is not None:
            self._wire.close(timeout=0)

    @staticmethod
    def note_arrival(message: amqp.Message) -> None:
        """From here on ``held_seconds`` counts."""
        message.delivery_info[_ARRIVED_AT] = time.monotonic()

    @staticmethod
    def held_seconds(message: amqp.Message) -> float:
        """How long the message has been here, unsettled: the broker bears that for its consumer timeout and no longer."""
        return time.monotonic() - float(message.delivery_info[_ARRIVED_AT])

    def is_live(self, message: amqp.Message) -> bool:
        """Whether the message can still be acknowledged on the connection it came by."""
        return bool(message.channel is not None and message.channel.connection is not None)
