"""``events tail``: events as they are published; the envelope of each, never its data.

Lives here: a private queue on the events exchanges. It is deleted with its connection and keeps the newest KEPT messages, so a
tail that is not read slows nothing down.

The relay keeps an event that has subscribers but reaches no queue. A tail's queue would count as one and the event would be
lost, so a tail does not start while a subscriber's queue is missing, and ends when one disappears.
"""

from __future__ import annotations

import time
from typing import Any

import amqp
import click

from chassis.broker import topology
from chassis.broker.wire import Wire
from chassis.ground import tracing
from cli import places, printing, servers
from cli.exits import Refused
from cli.language import say
from contracts.language import envelope

KEPT, PREFETCH = 10_000, 200
#: Between two checks that every subscriber still has its queue.
CHECK_SECONDS = 5.0


#: What is shown of an event, and how wide.
_COLUMNS = {"time": 24, "type": 38, "subject": 36, "sequence": 8, "id": 36, "trace_id": 32}


@click.group()
def events() -> None:
    """What the services announce."""


@events.command()
@click.option("--type", "patterns", multiple=True, help="Only these, e.g. perks.# or *.affiliation.*.v1; repeatable.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many.")
@printing.as_json
def tail(patterns: tuple[str, ...], count: int | None, as_json: bool) -> None:
    """Print each event's envelope as it is published, until Ctrl-C. The platform is not affected."""
    uri = places.broker().amqp_uri
    with servers.reaching(say("the broker")):
        wire = Wire(uri, name="cli.tail")
        try:
            _require_subscribers(wire)
            if not as_json:
                printing.print_headings(_COLUMNS)
            _print_events(_Tail(wire, patterns or ("#",), as_json=as_json), count)
        finally:
            wire.close()


class _Tail:
    """A private queue, and a printer of what arrives in it."""

    def __init__(self, wire: Wire, patterns: tuple[str, ...], *, as_json: bool) -> None:
        self.wire, self.printed = wire, 0
        self._as_json = as_json
        self._channel = wire.connection.channel()
        arguments = {"x-max-length": KEPT, "x-overflow": "drop-head"}
        queue = self._channel.queue_declare("", exclusive=True, auto_delete=True, arguments=arguments).queue
        for service in topology.services():
            for pattern in patterns:
                self._channel.queue_bind(queue, topology.events_exchange(service), pattern)
        self._channel.basic_qos(0, PREFETCH, False)
        self._channel.basic_consume(queue, callback=self._take)

    def _take(self, message: amqp.Message) -> None:
        about = _envelope(message)
        if self._as_json:
            printing.print_json(about)
        else:
            values = [about.get(name) or "-" for name in _COLUMNS]
            click.echo(printing.line(values, _COLUMNS) + _marks(about))
        self.printed += 1
        self._channel.basic_ack(message.delivery_tag)


def _print_events(tail: _Tail, count: int | None) -> None:
    printing.note(say("listening; Ctrl-C ends it"))
    checked = time.monotonic()
    while not tail.wire.read_until(lambda: count is not None and tail.printed >= count, timeout=1.0):
        if time.monotonic() - checked > CHECK_SECONDS:
            checked = time.monotonic()
            _require_subscribers(tail.wire)


def _require_subscribers(wire: Wire) -> None:
    """Refuse while a handler of the catalogue has no queue: the relay would take this listener for a subscriber."""
    for service in topology.services():
        for consumer in topology.consumers_of(service):
            queue = topology.consumer_queue(consumer)
            if topology.counted(wire, queue) is None:
                why = say("{queue} is missing: run `python -m chassis topology apply` first.", queue=queue)
                raise Refused(why, "topology_incomplete")


def _envelope(message: amqp.Message) -> dict[str, Any]:
    """An event without its data; of a message that is no event of ours, its routing key and size."""
    try:
        event = envelope.parse(message.body)
    except ValueError as error:
        raw = message.body if isinstance(message.body, bytes) else str(message.body).encode()
        return {"type": message.delivery_info["routing_key"], "undecodable": str(error), "bytes": len(raw)}
    return {
        "id": event.id,
        "type": event.type,
        "subject": event.subject_id,
        "sequence": event.version,
        "time": event.time,
        "trace_id": tracing.trace_id(event.traceparent),
        "replay": event.replay,
    }


def _marks(about: dict[str, Any]) -> str:
    if "undecodable" in about:
        return f"  {say('no event: {why}', why=about['undecodable'])}"
    return f"  {say('replay')}" if about["replay"] else ""
