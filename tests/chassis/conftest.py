"""What the chassis tests share: the ledger service in real processes, on a database and a vhost of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine

from chassis.broker import topology
from chassis.broker.wire import Wire
from chassis.rpc.calls import CallContext
from chassis.rpc.client import RpcClient
from chassis.store import migrations
from chassis.store.database import make_engine
from contracts.language import envelope
from deploy.local.throwaway import free_port

LEDGER_TABLES = """
create table entries (id uuid primary key, text text not null, client_id text not null);
create table hearings (number bigint generated always as identity, entry_id uuid not null);
create table ticks (number bigint generated always as identity);
"""


def until(condition: Callable[[], Any], *, seconds: float = 15, what: str = "the condition") -> Any:
    """Wait for a true value and return it; fail with `what` at the deadline."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come true within {seconds} s")
        time.sleep(0.02)
    return found


class Ledger:
    """Processes of the ledger service and what they did, as counted in its database."""

    def __init__(self, database_url: str, amqp_uri: str) -> None:
        self.database_url, self.amqp_uri = database_url, amqp_uri
        self.engine: Engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg2://"))
        self.processes: list[subprocess.Popen[str]] = []
        self.client = RpcClient(amqp_uri, name="test")
        self.env = {
            "LEDGER_DATABASE_URL": database_url,
            "AMQP_URI": amqp_uri,
            "YOUTHCITY_ENV": "dev",
            "GATEWAY_BROKER_USER": self.client._user_id,
            "RETRY_DELAYS": "0.2,0.4",
            "GRACE_SECONDS": "4",
        }

    def start(self, *, lanes: str = "rpc,events,relay,timers", wait: bool = True, **env: str) -> subprocess.Popen[str]:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chassis.ledger", "--lanes", lanes],
            env={**os.environ, **self.env, "LEDGER_HEALTH_PORT": str(port), **env},
            stdout=subprocess.DEVNULL,
        )
        process.port = port  # type: ignore[attr-defined]
        self.processes.append(process)
        if wait:
            until(lambda: self.health(process, "/readyz")[0] == 200, seconds=20, what="readiness")
        return process

    def health(self, process: Any, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{process.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def call(self, method: str, fields: dict[str, Any], *, key: str | None = None, timeout: float = 5.0) -> Any:
        context = CallContext("tester", "test_department", "request-1", idempotency_key=key)
        return self.client.call("ledger", method, fields, context=context, timeout=timeout)

    def count(self, sql: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(sql)).scalar_one())

    def rows(self, sql: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(sql)))

    def queue_length(self, queue: str) -> int:
        wire = Wire(self.amqp_uri, name="test.length", heartbeat=0)
        try:
            return int(wire.connection.channel().queue_declare(queue, passive=True).message_count)
        finally:
            wire.close()

    def publish(self, body: bytes, *, exchange: str, routing_key: str, **properties: Any) -> None:
        wire = Wire(self.amqp_uri, name="test.publish", heartbeat=0)
        wire.publish(wire.connection.channel(), body, exchange=exchange, routing_key=routing_key, **properties)
        wire.close()

    def apply_topology(self) -> None:
        from tests.chassis.ledger import service

        wire = Wire(self.amqp_uri, name="test.topology", heartbeat=0)
        channel = wire.connection.channel()
        topology.declare_sources(channel, ["ledger"])
        topology.declare_handler(channel, "ledger.on_entry_written", [service.WRITTEN])
        topology.declare_retries(channel, "ledger", [0.2, 0.4])
        wire.close()

    def close(self) -> None:
        self.client.close()
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        self.engine.dispose()


@pytest.fixture(autouse=True)
def values_are_checked() -> Iterator[None]:
    """A command run in this process says whether events are held against their schema; the next test wants them to be."""
    yield
    envelope.check_values(True)


@pytest.fixture
def ledger(fresh_database: Callable[[str], str], vhost: str) -> Iterator[Ledger]:
    made = Ledger(fresh_database("ledger"), vhost)
    with made.engine.begin() as connection:
        connection.exec_driver_sql(migrations.frozen_sql("0001_messaging"))
        connection.exec_driver_sql(LEDGER_TABLES)
    made.apply_topology()
    yield made
    made.close()


@pytest.fixture
def engine(fresh_database: Callable[[str], str]) -> Iterator[Engine]:
    """A database with the chassis' tables and nothing else."""
    made = make_engine(fresh_database("chassis"), pool_size=30, name="test")
    with made.begin() as connection:
        connection.exec_driver_sql(migrations.frozen_sql("0001_messaging"))
    yield made
    made.dispose()


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """What `act(0)` … `act(count - 1)` returned or raised, all let loose at the same moment in threads."""
    gate = threading.Barrier(count)

    def one(number: int) -> Any:
        gate.wait(timeout=20)
        try:
            return act(number)
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


@contextlib.contextmanager
def statements_of(engine: Engine) -> Iterator[list[str]]:
    """The SQL statements sent inside the block."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


__all__ = ["Ledger", "at_once", "engine", "json", "ledger", "statements_of", "until"]
