"""The events lane of a process: one connection, a queue per handler, and what its handlers share.

Lives here: what is declared and consumed, the publisher of the retry tiers, whose word is believed. Not here: what becomes of
a message (``handlers``).
"""

from __future__ import annotations

from collections.abc import Iterable

import amqp

from chassis.broker import topology
from chassis.broker.consumer import LaneConsumer, Subscription
from chassis.broker.publisher import ConfirmedPublisher
from chassis.broker.senders import Senders
from chassis.ground import lanes, metrics

#: Messages a handler takes in one transaction, at most.
BATCH = 100


class EventConsumer(LaneConsumer):
    """The events lane: one connection, a queue per handler."""

    lane = lanes.EVENTS

    def setup(self) -> None:
        settings = self.container.config["settings"]
        metrics.workers_configured.labels(self.lane).set(self.container.config["workers"][self.lane])
        self.delays: tuple[float, ...] = tuple(settings.retry_delays)
        amqp_uri = self.container.config["AMQP_URI"]
        self.publisher = ConfirmedPublisher(amqp_uri, name=f"{self.container.service_name}.retries")
        self.senders = Senders.of(amqp_uri, required=settings.requires_event_sender)

    def declare(self, channel: amqp.Channel) -> None:
        topology.declare_retries(channel, self.container.service_name, self.delays)
        for handler in self.entrypoints:
            topology.declare_handler(channel, handler.consumer_name, handler.event_types)

    def subscriptions(self) -> Iterable[Subscription]:
        for handler in self.entrypoints:
            queue = topology.consumer_queue(handler.consumer_name)
            yield Subscription(queue, 2 * BATCH, handler.on_message)
        yield Subscription(topology.dead_queue(self.container.service_name), 10, self.entrypoints[0].on_dead_message)

    def connection_lost(self) -> None:
        for handler in self.entrypoints:
            handler.arrived.clear()

    def stop(self) -> None:
        super().stop()
        self.publisher.close()

    kill = stop
