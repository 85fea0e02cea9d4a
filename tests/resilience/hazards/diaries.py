"""The two diaries as a test sees them: processes to start and hurt, requests and events to send, effects to count.

Lives here: everything a test needs to speak of both in the same words. Not here: the services themselves (``diary``,
``stock``), the promises.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import amqp
import kombu
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from chassis.broker.wire import user_of
from chassis.rpc.calls import REPLY_TO
from deploy.local.throwaway import free_port
from tests.resilience.hazards.clients import CLIENTS, Client
from tests.resilience.hazards.diary.service import WRITTEN
from tests.resilience.hazards.promises import given
from tests.support.proxy import Proxy

GRACE_SECONDS = 1
REQUESTS = "rpc-diary"
EXCHANGE = "diary.events"


class NoAnswer(Exception):
    """A call that brought no answer, for whatever reason."""


class Diary:
    """Processes of one diary, on a vhost and a database of its own."""

    kind = ""
    events = ""
    """The queue of its event handler."""
    queues_besides: tuple[str, ...] = ()
    tables: tuple[str, ...] = ("entries", "hearings", "notes")

    def __init__(self, database_url: str, amqp_uri: str, folder: Path) -> None:
        self.amqp_uri = amqp_uri
        self.folder = folder
        self.engine: Engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg2://"))
        self.environment = {"DIARY_DATABASE_URL": database_url, "AMQP_URI": amqp_uri, "PYTHONWARNINGS": "ignore"}
        self.processes: list[subprocess.Popen[bytes]] = []
        self._serving: subprocess.Popen[bytes] | None = None
        self._broker: kombu.Connection | None = None

    # -- processes

    def command(self, part: str) -> list[str]:
        """The arguments of a process for `part`: ``all``, ``requests`` or ``events``."""
        raise NotImplementedError

    def start(self, part: str = "all", *, wait: bool = True, **environment: str) -> subprocess.Popen[bytes]:
        """Start a process; returns when it consumes its queues, at once with `wait` false."""
        if all(has_ended(one) for one in self.processes):
            self._await_no_consumer()
        before = {queue: self.consumers(queue) for queue in self._queues(part)}
        with open(self.folder / f"{self.kind}-{len(self.processes)}-{free_port()}.log", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *self.command(part)],
                env={**os.environ, **self.environment, **environment},
                stdout=log,
                stderr=log,
            )
        process.log = Path(log.name)  # type: ignore[attr-defined]
        self.processes.append(process)
        if wait:
            given(lambda: all(self.consumers(queue) > count for queue, count in before.items()), f"{self.kind} up")
        return process

    def serve(self, **environment: str) -> subprocess.Popen[bytes]:
        """A process for requests and events that tests share as long as it lives. `environment` is what stock nameko
        needs to show its hazard; the chassis has no such choice.
        """
        if self._serving is None or self._serving.poll() is not None:
            self._serving = self.start(**environment)
        return self._serving

    def _queues(self, part: str) -> list[str]:
        return {"all": [REQUESTS, self.events], "requests": [REQUESTS], "events": [self.events]}[part]

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9; returns when the broker has noticed."""
        process.kill()
        process.wait()
        self._await_no_consumer()

    def _await_no_consumer(self) -> None:
        """Until the broker has noticed the end of the last process."""
        given(lambda: not any(self.consumers(queue) for queue in self._queues("all")), "no consumer is left")

    def tidy(self) -> None:
        """Between two tests: only a process that still serves stays, nothing is queued and nothing is written."""
        survivor = self._survivor()
        self.end_all(but=survivor)
        if survivor is None:
            for queue in (*self._queues("all"), *self.queues_besides):
                self.channel().queue_delete(queue)
        with self.engine.begin() as connection:
            connection.exec_driver_sql(f"truncate {', '.join(self.tables)}")

    def _survivor(self) -> subprocess.Popen[bytes] | None:
        return None

    def end_all(self, *, but: subprocess.Popen[bytes] | None = None) -> None:
        """Kill what runs."""
        ending = [process for process in self.processes if process is not but]
        for process in ending:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
            self.processes.remove(process)
        self._serving = but

    def close(self) -> None:
        """End it all."""
        self.end_all()
        if self._broker is not None:
            self._broker.release()
        self.engine.dispose()

    # -- requests and events

    @contextlib.contextmanager
    def client(self, *, timeout: float) -> Iterator[Client]:
        """A caller of this kind."""
        client = CLIENTS[self.kind](self.amqp_uri, timeout=timeout)
        try:
            yield client
        finally:
            client.close()

    def ask(self, method: str, *, timeout: float = 5, **fields: Any) -> Any:
        """The answer to one request; NoAnswer when there is none in time."""
        with self.client(timeout=timeout) as client:
            try:
                return client.ask(method, **fields)
            except Exception as error:
                raise NoAnswer(repr(error)) from error

    def answers(self, *, timeout: float = 6) -> bool:
        """Whether it serves requests now."""
        try:
            return bool(self.ask("echo", timeout=timeout, text="here") == {"text": "here"})
        except NoAnswer:
            return False

    def ask_aside(self, method: str, *, timeout: float = 5, **fields: Any) -> threading.Thread:
        """Ask in a thread of its own, and care for no answer."""
        return aside(lambda: self.ask(method, timeout=timeout, **fields))

    def begin_to_ask_the_mute(self) -> Callable[[], bool]:
        """Let the platform ask a service that takes a request and never answers; whether that has come to an end."""
        raise NotImplementedError

    def begin_to_compose(self, count: int) -> list[str]:
        """Let the platform do `count` pieces of work at once, each of two requests; the answers, as they come."""
        raise NotImplementedError

    @contextlib.contextmanager
    def mute_service(self) -> Iterator[None]:
        """A consumer of the requests to ``mute`` that answers none."""
        channel = self.channel()
        channel.exchange_declare("nameko-rpc", "topic", durable=True, auto_delete=False)
        channel.queue_declare("rpc-mute", durable=True, auto_delete=False)
        channel.queue_bind("rpc-mute", "nameko-rpc", "mute.*")
        channel.basic_consume("rpc-mute", callback=lambda message: None)
        yield
        channel.close()

    def send_request(self, method: str, body: bytes, **properties: Any) -> None:
        """Put a request on the wire as it is."""
        self._publish(body, "nameko-rpc", f"diary.{method}", properties)

    def send_event(self, content: str) -> str:
        """Publish the event of an entry; returns the entry's id."""
        entry_id = str(uuid.uuid4())
        self._publish(self.event(entry_id, content), EXCHANGE, WRITTEN, {"content_type": "application/json"})
        return entry_id

    def send_to_handler(self, body: bytes, **properties: Any) -> None:
        """Put any bytes into the handler's queue."""
        self._publish(body, "", self.events, properties)

    def event(self, entry_id: str, content: str) -> bytes:
        """The message of an event."""
        raise NotImplementedError

    # -- what is to be seen

    def heard(self, entry_id: str) -> int:
        """How often the event of an entry has taken effect."""
        return self.count("select count(*) from hearings where entry_id = :one", one=entry_id)

    def written(self, content: str) -> int:
        """How many entries have this text."""
        return self.count("select count(*) from entries where text = :one", one=content)

    def entry(self, content: str) -> str | None:
        """The id of an entry with this text, the first that was written where there are more."""
        with self.engine.connect() as connection:
            found = connection.execute(
                text("select id from entries where text = :one order by number"), {"one": content}
            )
            first = found.scalars().first()
        return str(first) if first else None

    def noted(self, subject: str, step: str) -> int:
        """How often a worker came to a step."""
        return self.count("select count(*) from notes where subject = :one and step = :two", one=subject, two=step)

    def unpublished(self) -> int:
        """Events that were to be published and are not known to be."""
        raise NotImplementedError

    def kept(self) -> list[bytes]:
        """The bodies of messages that no process holds but that somebody can still look at."""
        return [body for queue in (self.events, REQUESTS) for body in self._bodies(queue)]

    def count(self, query: str, **values: Any) -> int:
        """The number a query gives."""
        with self.engine.connect() as connection:
            return int(connection.execute(text(query), values).scalar_one())

    # -- the broker

    def messages(self, queue: str) -> int:
        """Messages ready in a queue; 0 where there is none of the name."""
        return self._state(queue)[0]

    def consumers(self, queue: str) -> int:
        """Consumers of a queue; 0 where there is none of the name."""
        return self._state(queue)[1]

    def channel(self) -> Any:
        """A new channel of the test's own connection."""
        if self._broker is None:
            self._broker = kombu.Connection(self.amqp_uri)
        return self._broker.ensure_connection(max_retries=3).connection.channel()

    def _state(self, queue: str) -> tuple[int, int]:
        channel = self.channel()
        try:
            declared = channel.queue_declare(queue, passive=True)
        except amqp.NotFound:
            return 0, 0
        channel.close()
        return declared.message_count, declared.consumer_count

    def _bodies(self, queue: str) -> list[bytes]:
        channel = self.channel()
        channel.auto_decode = False
        found = []
        try:
            while (message := channel.basic_get(queue)) is not None:
                found.append(bytes(message.body) if not isinstance(message.body, str) else message.body.encode())
        except amqp.NotFound:
            return []
        channel.close()  # which gives them back
        return found

    def _publish(self, body: bytes, exchange: str, routing_key: str, properties: dict[str, Any]) -> None:
        channel = self.channel()
        channel.confirm_select()
        if properties.get("reply_to") == REPLY_TO:
            channel.basic_consume(REPLY_TO, no_ack=True)  # the broker wants a reader; what is answered nobody reads
        properties.setdefault("user_id", user_of(self.amqp_uri))
        channel.basic_publish_confirm(
            amqp.Message(body, delivery_mode=2, **properties), exchange, routing_key, mandatory=True
        )
        channel.close()


def aside(act: Callable[[], Any]) -> threading.Thread:
    """Do it in a thread of its own, and care for no failure."""

    def run() -> None:
        with contextlib.suppress(Exception):
            act()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def says(process: subprocess.Popen[bytes], words: str) -> bool:
    """Whether the log of a process has the words."""
    return words in process.log.read_text(errors="replace")  # type: ignore[attr-defined, no-any-return]


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process is over."""
    return process.poll() is not None


def proxy_of(uri: str) -> Proxy:
    """A proxy in front of the broker of an AMQP URI."""
    parts = urlsplit(uri)
    return Proxy(parts.hostname or "127.0.0.1", parts.port or 5672)
