"""Hears the city's events, as a department's system might: on the queue made for it, and every event taken in once.

Delivery is at least once: after a lost connection, or when a source sends its state again, an event may come twice. So its
``id`` is written down in the same transaction as what is done with it, and only then the message is acknowledged.

``python -m examples.listening AMQP_URI --queue education.inbox --type talent.affiliation.confirmed.v1 --count 3``
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import click
from kombu import Connection, Exchange, Message, Queue, binding
from kombu.mixins import ConsumerMixin

SCHEMA = """
    create table if not exists seen (id text primary key);
    create table if not exists subjects (subject text primary key, sequence integer not null, data text not null);
"""


class Listener(ConsumerMixin):
    """Takes events into a database of its own; connects again by itself when the broker was away."""

    def __init__(self, connection: Connection, queue: Queue, path: str, count: int | None = None) -> None:
        self.connection, self.queue, self.left = connection, queue, count
        self.database = sqlite3.connect(path)
        self.database.executescript(SCHEMA)

    def get_consumers(self, consumer: Any, channel: Any) -> list[Any]:
        """One consumer, with a few messages on the way to it."""
        return [consumer([self.queue], callbacks=[self.take_in], prefetch_count=20)]

    def take_in(self, event: dict[str, Any], message: Message) -> None:
        """Apply an event once, then acknowledge it."""
        with self.database:  # one transaction
            is_new = self.database.execute("insert or ignore into seen values (?)", [event["id"]]).rowcount == 1
            if is_new:
                self.apply(event)
        message.ack()
        print(event["type"], event["subject"], "version", event["sequence"], *([] if is_new else ["again"]), flush=True)
        if self.left is not None:
            self.left -= 1
            self.should_stop = self.left == 0

    def apply(self, event: dict[str, Any]) -> None:
        """What a department does with it: here, keep the newest state of every subject. Order is not promised."""
        self.database.execute(
            "insert into subjects values (?, ?, ?) on conflict (subject) do update"
            " set sequence = excluded.sequence, data = excluded.data where subjects.sequence < excluded.sequence",
            [event["subject"], event["sequence"], json.dumps(event["data"])],
        )


class MadeQueue(Queue):  # type: ignore[misc]
    """A queue the operators have made: its owner binds and reads it, and looks whether it is there instead of declaring it."""

    def queue_declare(self, nowait: bool = False, passive: bool = False, channel: Any = None) -> Any:
        """As kombu's, and passive always."""
        return super().queue_declare(nowait=nowait, passive=True, channel=channel)  # type: ignore[no-untyped-call]


def queue_of(name: str, types: tuple[str, ...]) -> Queue:
    """The queue that keeps events of these types while no listener runs."""
    # talent.affiliation.confirmed.v1 is published to the exchange talent.events, under its own name
    sources = {one: Exchange(f"{one.partition('.')[0]}.events", "topic", passive=True) for one in types}
    bindings = [binding(exchange, routing_key=one) for one, exchange in sources.items()]
    return MadeQueue(name, bindings=bindings)  # type: ignore[no-untyped-call]


@click.command()
@click.argument("amqp_uri")
@click.option("--queue", "name", required=True, help="As the operators made it: the department's name and .inbox.")
@click.option("--type", "types", multiple=True, required=True, help="A type of event you are named for; repeatable.")
@click.option("--database", default="heard.db", show_default=True)
@click.option("--count", type=int, help="End after so many messages; 0 only binds the queue.")
def main(amqp_uri: str, name: str, types: tuple[str, ...], database: str, count: int | None) -> None:
    """Print what is heard, and keep the newest state of every subject."""
    queue = queue_of(name, types)
    with Connection(amqp_uri, heartbeat=30) as connection:
        if count == 0:
            queue(connection.default_channel).declare()
        else:
            Listener(connection, queue, database, count).run()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
