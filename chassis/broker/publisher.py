"""Publishing with proof: many messages, one wait for all their confirms.

Lives here: the confirmed batch publisher the relay, the retry path and the redrive command use. A quorum queue confirms
some ten times as many messages a second in batches as one by one. Not here: what is published and when.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import amqp

from chassis.broker import topology
from chassis.broker.wire import CONNECTION_ERRORS, Wire, user_of

CONFIRM_SECONDS = 5.0
#: An unused connection is closed after so long: its heartbeats are not read, and two missed ones would end it with a warning.
IDLE_SECONDS = 10.0
#: Bodies that are sent before their confirms are awaited: more would outlast the wait, and fill the broker's memory.
PART_BYTES = 8 * 2**20


class ConfirmMissing(OSError):
    """The broker did not confirm in time, or refused: what was sent may have arrived, so the same ids are sent again."""


@dataclass(frozen=True)
class Outgoing:
    """One message to publish; persistent JSON. `exchange` "" is the default exchange: straight to the queue named."""

    body: str | bytes
    exchange: str
    routing_key: str
    message_id: str | None = None
    headers: dict[str, Any] = field(default_factory=dict)
    message_type: str | None = None


def _parts(messages: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
    start = size = 0
    for number, message in enumerate(messages):
        size += len(message.body)
        if size >= PART_BYTES:
            yield messages[start : number + 1]
            start, size = number + 1, 0
    if start < len(messages):
        yield messages[start:]


class ConfirmedPublisher:
    """Publishes batches over one connection of its own, made at the first batch and again after a failure, closed after
    IDLE_SECONDS without a batch or a `keep_alive`. Each message names the broker user it came from (``user_id``), which RabbitMQ
    lets nobody else name.

    One batch at a time: callers of other greenlets or threads wait for their turn. `on_connect` is called with each new
    connection, before anything is published on it.
    """

    def __init__(
        self,
        amqp_uri: str,
        *,
        name: str,
        exchanges: Sequence[str] = (),
        on_connect: Callable[[Wire], None] | None = None,
    ) -> None:
        self._uri = amqp_uri
        self._user = user_of(amqp_uri)
        self._name = name
        self._exchanges = tuple(exchanges)
        self._on_connect = on_connect
        self._turn = threading.Lock()
        self._used_at = 0.0
        self._wire: Wire | None = None
        self._channel: Any = None
        self._unconfirmed: set[int] = set()
        self._refused = False
        self._sent = 0
        self._returned: set[str] = set()

    def publish(self, messages: Sequence[Outgoing], *, timeout: float = CONFIRM_SECONDS) -> set[str]:
        """Send all, in parts of about PART_BYTES, and wait for the confirms of each; the message ids no queue was bound for.

        Raises ConfirmMissing or another of CONNECTION_ERRORS: then nothing is known of any of them.
        """
        with self._turn:
            try:
                wire = self._connected()
                self._returned = set()
                for part in _parts(messages):
                    for message in part:
                        self._send(wire, message)
                    if not wire.read_until(self._all_confirmed, timeout=timeout) or self._refused:
                        raise ConfirmMissing("the broker did not confirm the batch")
            except (
                BaseException
            ):  # whatever it was, confirms of this batch may still come, and be taken for the next one's
                self._drop()
                raise
            self._used_at = time.monotonic()
            return self._returned

    def connect(self) -> None:
        """Connect now, where there is no connection; `on_connect` has been called then. Raises one of CONNECTION_ERRORS."""
        with self._turn:
            try:
                self._connected()
            except CONNECTION_ERRORS:
                self._drop()
                raise

    def _all_confirmed(self) -> bool:
        return not self._unconfirmed

    def _connected(self) -> Wire:
        if self._wire is None or not self._wire.is_open or self._channel.connection is None:
            self._drop()
            with Wire(self._uri, name=self._name).closed_on_failure() as wire:
                self._channel = self._opened_channel(wire)
            self._wire = wire
            self._unconfirmed, self._refused, self._sent = set(), False, 0
            self._used_at = time.monotonic()
            threading.Thread(target=self._close_when_idle, args=(wire,), name=f"{self._name}.idle", daemon=True).start()
        return self._wire

    def _opened_channel(self, wire: Wire) -> Any:
        channel = wire.connection.channel()
        channel.confirm_select()
        for exchange in self._exchanges:
            topology.require_exchange(channel, exchange)
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        channel.events["basic_return"].add(self._on_return)
        if self._on_connect is not None:
            self._on_connect(wire)
        return channel

    def _close_when_idle(self, wire: Wire) -> None:
        """Runs beside a connection, and ends with it."""
        pause = threading.Event()
        while self._wire is wire:
            left = self._used_at + IDLE_SECONDS - time.monotonic()
            if left > 0:
                pause.wait(left)
                continue
            with self._turn:
                if self._wire is wire and self._used_at + IDLE_SECONDS <= time.monotonic():
                    self._drop()

    def _send(self, wire: Wire, message: Outgoing) -> None:
        properties: dict[str, Any] = {
            "content_type": "application/json",
            "content_encoding": "utf-8",
            "delivery_mode": 2,
            "user_id": self._user,
            "application_headers": message.headers,
        }
        if message.message_id is not None:
            properties["message_id"] = message.message_id
        if message.message_type is not None:
            properties["type"] = message.message_type
        wire.publish(
            self._channel,
            message.body,
            exchange=message.exchange,
            routing_key=message.routing_key,
            mandatory=True,
            **properties,
        )
        self._sent += 1
        self._unconfirmed.add(self._sent)

    def _on_ack(self, delivery_tag: int, multiple: bool) -> None:
        if multiple:
            self._unconfirmed = {tag for tag in self._unconfirmed if tag > delivery_tag}
        else:
            self._unconfirmed.discard(delivery_tag)

    def _on_nack(self, delivery_tag: int, multiple: bool) -> None:
        self._refused = True
        self._on_ack(delivery_tag, multiple)

    def _on_return(self, error: Any, exchange: str, routing_key: str, message: amqp.Message) -> None:
        self._returned.add(str(message.properties.get("message_id")))

    def keep_alive(self) -> None:
        """Read what the broker sent meanwhile (heartbeats, a close); call it now and then between batches, more often than
        every IDLE_SECONDS, where the connection is to stay.
        """
        with self._turn:
            if self._wire is not None:
                try:
                    self._wire.read_until(lambda: False, timeout=0.001)
                except CONNECTION_ERRORS:
                    self._drop()
            self._used_at = time.monotonic()

    def _drop(self) -> None:
        wire, self._wire, self._channel = self._wire, None, None
        if wire is not None:
            wire.close()

    def close(self) -> None:
        """Close the connection; a later batch connects again."""
        self._drop()
