"""Taking a queue out of service that the catalogue no longer names: a renamed handler's, or one somebody left behind.

Its messages move before it goes: published and confirmed first, acknowledged after, so a crash between moves them twice and
loses none; the inbox of their new handler does nothing twice. Not here: which queues there are (``topology``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import amqp

from chassis.broker import topology
from chassis.broker.publisher import ConfirmedPublisher, Outgoing
from chassis.broker.senders import SENDER, first_sender
from chassis.broker.wire import Wire, user_of
from chassis.ground.settings import broker_user_of
from contracts.catalogue import EVENTS, RETIRED

_BATCH = 200
#: What the broker itself noted of a message's way so far.
_BROKERS_OWN = ("x-",)


class CannotRetire(Exception):
    """The queue is in use, or it is not stated what becomes of its messages. It stays as it was."""


def retire(
    amqp_uri: str, queue: str, *, to: str | None, discard: bool, delays: Sequence[float], mover_uri: str | None = None
) -> int:
    """Unbind `queue` from the platform's exchanges, move its messages to the queue `to` (or drop them where that is chosen
    `discard` them) and delete it; returns how many there were. Raises CannotRetire.

    They are moved as the service that takes over (`mover_uri`, where it is not `amqp_uri`), each with the name of its first
    sender: another's word the handler would not believe.
    """
    mover_uri = mover_uri or amqp_uri
    if queue in topology.queue_names(delays=delays):
        raise CannotRetire(f"the catalogue names {queue}")
    wire = Wire(amqp_uri, name="topology", heartbeat=0)
    try:
        channel = wire.connection.channel()
        waiting, consumers = _counted(wire, queue)
        if consumers:
            raise CannotRetire(f"{consumers} consumers read {queue}")
        if waiting and not (to or discard):
            raise CannotRetire(f"{waiting} messages wait in {queue}: say --to QUEUE or --discard")
        if to is not None:
            _counted(wire, to)
            _check_mover(mover_uri, to)
        _unbind(channel, queue)
        # what still waits to be tried again comes back to the queue it was in
        if returning := sum(_in_tiers(wire, queue, delays)):
            raise CannotRetire(
                f"unbound; {returning} messages may still come back to {queue} by a retry queue: try again later"
            )
        moved = _move(channel, queue, mover_uri, to) if to else waiting
        channel.queue_delete(queue)
        return moved
    finally:
        wire.close()


def _counted(wire: Wire, queue: str) -> topology.Counted:
    """Messages and consumers; raises CannotRetire where there is no such queue."""
    found = topology.counted(wire, queue)
    if found is None:
        raise CannotRetire(f"there is no queue {queue}")
    return found


def _check_mover(uri: str, to: str) -> None:
    service = to.partition(".")[0]
    if user_of(uri) != (needed := broker_user_of(service)):
        raise CannotRetire(f"messages move to {to} as the broker user {needed}: set {service.upper()}_AMQP_URI")


def _unbind(channel: Any, queue: str) -> None:
    topology.declare_sources(channel, topology.services())
    topology.unbind(channel, queue, (*EVENTS, *RETIRED))


def _in_tiers(wire: Wire, queue: str, delays: Sequence[float]) -> list[int]:
    """How many messages wait in each retry queue of the service `queue` belongs to."""
    service = queue.partition(".")[0]
    if not topology.consumers_of(service):
        return []
    return [_counted(wire, topology.retry_tier(service, delay))[0] for delay in delays]


def _move(channel: Any, queue: str, mover_uri: str, to: str) -> int:
    """Move everything; returns how many messages."""
    moved, mover = 0, user_of(mover_uri)
    publisher = ConfirmedPublisher(mover_uri, name="topology.retire")
    try:
        while batch := _take(channel, queue):
            if publisher.publish([_again(message, to, mover) for message in batch]):
                raise CannotRetire(f"{to} has gone meanwhile")
            channel.basic_ack(batch[-1].delivery_tag, multiple=True)
            moved += len(batch)
    finally:
        publisher.close()
    return moved


def _take(channel: Any, queue: str) -> list[amqp.Message]:
    taken: list[amqp.Message] = []
    while len(taken) < _BATCH and (message := channel.basic_get(queue)) is not None:
        taken.append(message)
    return taken


def _again(message: amqp.Message, to: str, mover: str) -> Outgoing:
    headers = message.properties.get("application_headers") or {}
    kept = {name: value for name, value in headers.items() if not name.startswith(_BROKERS_OWN)}
    kept[SENDER] = first_sender(message, own=mover)
    known = message.properties
    return Outgoing(message.body, "", to, known.get("message_id"), kept, known.get("type"))
