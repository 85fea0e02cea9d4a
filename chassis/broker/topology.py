"""The broker's topology: every exchange and queue of the platform, by name and arguments.

Lives here: names, arguments, their declaration, and counting what waits in a queue. Not here: consuming and publishing.
Arguments of a queue never change in place: a change takes a new name (``.v2``) or a migration step, because RabbitMQ refuses a
declaration that differs.

::

    talent.events (topic) --talent.affiliation.ended.v1--> perks.on_affiliation_changed.v1 (quorum)
                                   ^                            | a handler fails
                                   | '' (default exchange)      v
                                   +--- perks.retry.5s (quorum, TTL) <--- perks.retry.5s (fanout)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import amqp

from chassis.broker.wire import Wire
from chassis.rpc import calls
from contracts.catalogue import EVENTS, RETIRED

#: A message delivered this often without an ack (a crash loop) goes to the service's ``.dead`` queue: the backstop
#: behind the chassis' own count of attempts.
DELIVERY_LIMIT = 50

_QUORUM: dict[str, Any] = {
    "x-queue-type": "quorum",
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}


class TopologyConflict(Exception):
    """Code and broker do not agree on a queue. Waiting does not help: the process ends and says so (hazards 23, 24)."""


def events_exchange(service: str) -> str:
    """The topic exchange a service's events are published to; nameko's own name for it."""
    return f"{service}.events"


def consumer_queue(consumer: str) -> str:
    """The queue of a handler, by its catalogue name: ``perks.on_affiliation_changed`` → ``….v1``."""
    return f"{consumer}.v1"


def retry_tier(service: str, delay_seconds: float) -> str:
    """The name of one retry tier, of its exchange and of its queue; it says the delay, so another delay is another name."""
    return f"{service}.retry.{delay_seconds:g}s"


def dead_queue(service: str) -> str:
    """Where the broker puts what was delivered DELIVERY_LIMIT times without an answer."""
    return f"{service}.dead"


def consumed_types(consumer: str) -> list[str]:
    """The event types a handler is subscribed to, from the catalogue."""
    return [event_type for event_type, entry in EVENTS.items() if consumer in entry.subscribers]


def consumers_of(service: str) -> list[str]:
    """Every handler of a service the catalogue names."""
    named = {consumer for entry in EVENTS.values() for consumer in entry.subscribers}
    return sorted(consumer for consumer in named if consumer.partition(".")[0] == service)


def types_of_subscriber(consumer: str) -> tuple[str, ...]:
    """The event types a handler consumes. Raises TopologyConflict where the catalogue names no such subscriber: the handler's
    queue would get nothing, and the queue under its former name would fill.
    """
    types = tuple(consumed_types(consumer))
    if not types:
        raise TopologyConflict(f"the catalogue names {consumer} as a subscriber of no event type")
    return types


def source_of(event_type: str) -> str:
    """The service an event type belongs to."""
    return event_type.partition(".")[0]


def require_exchange(channel: amqp.Channel, exchange: str) -> None:
    """Make sure a topic exchange is there; a publish to a missing one would close the channel. It is looked for first, because
    declaring what is there takes the right to delete it, and most exchanges a process uses are not its own.
    """
    looking = channel.connection.channel()
    try:
        looking.exchange_declare(exchange, "topic", passive=True)
    except amqp.NotFound:  # and with it the channel is closed
        channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)
    else:
        looking.close()


def declare_sources(channel: amqp.Channel, services: Iterable[str]) -> None:
    """Make sure the event exchanges of `services` are there."""
    for service in services:
        require_exchange(channel, events_exchange(service))


def declare_handler(channel: amqp.Channel, consumer: str, event_types: Sequence[str]) -> None:
    """Declare one handler's queue and bind it to the event types it hears."""
    queue = consumer_queue(consumer)
    service = consumer.partition(".")[0]
    arguments = {
        **_QUORUM,
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead_queue(service),
    }
    channel.queue_declare(queue, durable=True, auto_delete=False, arguments=arguments)
    declare_sources(channel, {source_of(event_type) for event_type in event_types})
    for event_type in event_types:
        channel.queue_bind(queue, events_exchange(source_of(event_type)), event_type)


def unbind(channel: amqp.Channel, queue: str, event_types: Iterable[str]) -> None:
    """Let a queue get these event types no more; unbinding what is not bound changes nothing."""
    for event_type in event_types:
        channel.queue_unbind(queue, events_exchange(source_of(event_type)), event_type)


def unbind_unheard(channel: amqp.Channel) -> None:
    """Unbind from the queue of each handler what the catalogue does not name it for.

    For ``topology apply`` alone: a process that did so at its start would, during an upgrade, unbind what a newer one hears.
    """
    for service in services():
        for consumer in consumers_of(service):
            heard = set(consumed_types(consumer))
            unbind(channel, consumer_queue(consumer), [one for one in (*EVENTS, *RETIRED) if one not in heard])


def declare_retries(channel: amqp.Channel, service: str, delays: Sequence[float]) -> None:
    """Declare a service's retry tiers and its dead queue.

    One queue per delay, each with a fixed TTL: with a TTL per message the head of the queue blocks the rest.
    """
    channel.queue_declare(dead_queue(service), durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    for delay in delays:
        tier = retry_tier(service, delay)
        arguments = {**_QUORUM, "x-message-ttl": int(delay * 1000), "x-dead-letter-exchange": ""}
        channel.exchange_declare(tier, "fanout", durable=True, auto_delete=False)
        channel.queue_declare(tier, durable=True, auto_delete=False, arguments=arguments)
        channel.queue_bind(tier, tier, "")


def declare_requests(channel: amqp.Channel, service: str, *, quorum: bool = False) -> None:
    """Declare a service's request queue, as stock nameko does; quorum where the broker is a cluster."""
    require_exchange(channel, calls.RPC_EXCHANGE)
    arguments = {"x-queue-type": "quorum"} if quorum else None
    queue = calls.rpc_queue(service)
    channel.queue_declare(queue, durable=True, auto_delete=False, arguments=arguments)
    channel.queue_bind(queue, calls.RPC_EXCHANGE, f"{service}.*")


class Counted(NamedTuple):
    """A queue as it was a moment ago: messages ready, and consumers."""

    messages: int
    consumers: int


def counted(wire: Wire, queue: str) -> Counted | None:
    """What the broker says of a queue now; None where there is none. Any other refusal raises amqp.ChannelError."""
    channel = wire.connection.channel()
    try:
        found = channel.queue_declare(queue, passive=True)
    except amqp.NotFound:  # and with it the channel is closed
        return None
    channel.close()
    return Counted(int(found.message_count), int(found.consumer_count))


def missing_subscriber_queues(wire: Wire, service: str) -> dict[str, list[str]]:
    """Which event types of a service cannot reach a subscriber of the catalogue, for its queue is not there: type → queues.

    A publish does not show it: ``mandatory`` is content with the queue of any other subscriber.
    """
    subscribers = {one: entry.subscribers for one, entry in EVENTS.items() if source_of(one) == service}
    queues = {consumer_queue(consumer) for consumers in subscribers.values() for consumer in consumers}
    gone = {queue for queue in queues if counted(wire, queue) is None}
    missing = {
        event_type: [queue for queue in map(consumer_queue, consumers) if queue in gone]
        for event_type, consumers in subscribers.items()
    }
    return {event_type: queues for event_type, queues in missing.items() if queues}


def services() -> list[str]:
    """Every service the catalogue knows, as a source or a subscriber."""
    subscribing = {consumer.partition(".")[0] for entry in EVENTS.values() for consumer in entry.subscribers}
    return sorted(subscribing | {source_of(event_type) for event_type in EVENTS})


def queue_names(*, delays: Sequence[float]) -> list[str]:
    """Every queue of the platform. Where nothing is heard nothing waits or dies, so there is no queue for it."""
    names = []
    for service in services():
        names.append(calls.rpc_queue(service))
        if consumers := consumers_of(service):
            names += [dead_queue(service), *(retry_tier(service, delay) for delay in delays)]
            names += [consumer_queue(consumer) for consumer in consumers]
    return names


def declare_all(channel: amqp.Channel, *, delays: Sequence[float], quorum_requests: bool = False) -> list[str]:
    """Declare everything the catalogue asks for and unbind what it no longer does, before any service starts; returns the
    queue names.
    """
    declare_sources(channel, services())
    for service in services():
        declare_requests(channel, service, quorum=quorum_requests)
        if consumers := consumers_of(service):
            declare_retries(channel, service, delays)
            for consumer in consumers:
                declare_handler(channel, consumer, consumed_types(consumer))
    unbind_unheard(channel)
    return queue_names(delays=delays)
