"""The diary in stock nameko, as its documentation teaches it: what the chassis' diary does, method by method.

Run by nameko's own runner (``main``). It commits inside its handlers, the
best a stock service can do, except where a test is about committing elsewhere. Not here: anything of the chassis.
"""

from __future__ import annotations

import contextlib
import logging
import os
import uuid
from collections.abc import Iterator
from typing import Any

import eventlet
import psycopg2
from kombu import Queue
from nameko.cli.run import run
from nameko.events import EventDispatcher, EventHandler
from nameko.extensions import DependencyProvider
from nameko.rpc import RpcProxy, rpc

from tests.resilience.hazards.fragile import Fragile
from tests.resilience.hazards.notebook import behave, die, note, seconds_of

WRITTEN = "diary.entry.written.v1"
REQUEUES = bool(os.environ.get("DIARY_REQUEUES"))
DELIVERY_LIMIT = int(os.environ.get("DIARY_DELIVERY_LIMIT", 0))


@contextlib.contextmanager
def transaction() -> Iterator[Any]:
    """A cursor; what it did is committed at the end."""
    connection = psycopg2.connect(os.environ["DIARY_DATABASE_URL"])
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


class LateCommit(DependencyProvider):  # type: ignore[misc]
    """Effects collected by a handler and committed in ``worker_result``, where nameko's documentation has it."""

    def get_dependency(self, worker_ctx: Any) -> list[str]:
        worker_ctx.late = []
        return worker_ctx.late  # type: ignore[no-any-return]

    def worker_result(self, worker_ctx: Any, result: Any = None, exc_info: Any = None) -> None:
        for entry_id in worker_ctx.late:
            if note(entry_id, "commit") == 1:
                eventlet.sleep(0.3)  # what was sent before is on its way
                die()
            hear(entry_id)


class LimitedHandler(EventHandler):  # type: ignore[misc]
    """nameko's event handler on a quorum queue with a delivery limit, what RabbitMQ 4 makes of every quorum queue."""

    def setup(self) -> None:
        super().setup()
        if DELIVERY_LIMIT:
            arguments = {"x-queue-type": "quorum", "x-delivery-limit": DELIVERY_LIMIT}
            kept = self.queue
            self.queue = Queue(
                kept.name, exchange=kept.exchange, routing_key=kept.routing_key, durable=True, queue_arguments=arguments
            )


event_handler = LimitedHandler.decorator


def hear(entry_id: str) -> None:
    with transaction() as cursor:
        cursor.execute("insert into hearings (entry_id) values (%s)", (entry_id,))


class Writer:
    """The half that takes requests."""

    name = "diary"
    dispatch = EventDispatcher()
    fragile = Fragile()

    @rpc
    def write(self, text: str) -> dict[str, Any]:
        times = note(text, "write begun")
        eventlet.sleep(seconds_of(text))
        entry_id = str(uuid.uuid4())
        with transaction() as cursor:
            cursor.execute("insert into entries (id, text) values (%s, %s)", (entry_id, text))
        if text == "killed after the commit" and times == 1:
            die()
        note(text, "publish begun")
        self.dispatch(WRITTEN, {"entry_id": entry_id, "text": text})
        note(text, "publish ended")
        return {"entry_id": entry_id, "text": text}

    @rpc
    def echo(self, text: str) -> dict[str, str]:
        return {"text": text}

    @rpc
    def wait(self, seconds: float) -> float:
        note("wait", "begun")
        eventlet.sleep(seconds)
        note("wait", "ended")
        return seconds

    @rpc
    def ask_database(self, seconds: float) -> float:
        import psycopg  # version 3, the driver a new service would take today

        note("ask_database", "begun")
        with psycopg.connect(os.environ["DIARY_DATABASE_URL"]) as connection:
            connection.execute("select pg_sleep(%s)", (seconds,))
        return seconds

    @rpc
    def time_out(self) -> None:
        note("time_out", "begun")
        raise eventlet.Timeout(None)


class Listener:
    """The half that hears events."""

    name = "diary"
    late = LateCommit()

    @event_handler("diary", WRITTEN, requeue_on_error=REQUEUES)
    def on_written(self, payload: dict[str, str]) -> None:
        entry_id, text = payload["entry_id"], payload["text"]
        times = note(entry_id, "heard")
        if text == "killed at the commit":
            self.late.append(entry_id)
            return
        behave(text, times)
        eventlet.sleep(seconds_of(text))
        hear(entry_id)


class Diary(Writer, Listener):
    """The whole diary, in one container as one would write it."""

    name = "diary"


class Caller:
    """A service that calls others, itself among them, in the middle of its work."""

    name = "caller"
    mute = RpcProxy("mute")
    caller = RpcProxy("caller")

    @rpc
    def ask_the_mute(self) -> None:
        note("ask_the_mute", "begun")
        try:
            self.mute.echo(text="anybody?")
        finally:
            note("ask_the_mute", "ended")

    @rpc
    def outer(self, text: str) -> str:
        note("outer", "begun")
        eventlet.sleep(0.3)
        return str(self.caller.inner(text=text))

    @rpc
    def inner(self, text: str) -> str:
        return text


def rename_the_handler() -> None:
    """What a later version of the code may do."""
    Listener.on_entry_written = Listener.on_written  # type: ignore[attr-defined]
    del Listener.on_written


def main(part: str) -> None:
    """Run one of the service classes as ``nameko run`` does."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    if os.environ.get("DIARY_RENAMED"):
        rename_the_handler()
    config = {"AMQP_URI": os.environ["AMQP_URI"], "max_workers": int(os.environ.get("DIARY_WORKERS", "10"))}
    run([{"Diary": Diary, "Writer": Writer, "Listener": Listener, "Caller": Caller}[part]], config)
