"""The ledger service (``tests.chassis.ledger``) in real processes, on a database and a vhost of its own.

Lives here: starting its processes, calling it, counting what it did. Not here: the service itself.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import IO, Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from chassis.broker import topology
from chassis.broker.wire import Wire, user_of
from chassis.rpc.calls import CallContext
from chassis.rpc.client import RpcClient
from deploy.local.throwaway import free_port
from tests.chassis.ledger.service import WRITTEN
from tests.support.chassis_tables import frozen
from tests.support.servers import Broker, Make, with_rights
from tests.support.waiting import until

LEDGER_TABLES = """
create table entries (id uuid primary key, text text not null, client_id text not null);
create table hearings (number bigint generated always as identity, entry_id uuid not null);
create table ticks (number bigint generated always as identity);
"""


class Ledger:
    """Processes of the ledger service and what they did, as counted in its database by the owner."""

    def __init__(self, database_url: str, amqp_uri: str) -> None:
        self.database_url, self.amqp_uri = database_url, amqp_uri
        self.engine: Engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg2://"))
        self.processes: list[subprocess.Popen[bytes]] = []
        self.client = RpcClient(amqp_uri, name="test")
        self.env = {
            "LEDGER_DATABASE_URL": database_url,
            "AMQP_URI": amqp_uri,
            "YOUTHCITY_ENV": "dev",
            "GATEWAY_BROKER_USER": self.client._user_id,
            "LEDGER_BROKER_USER": self.client._user_id,
            "RETRY_DELAYS": "0.2,0.4",
            "GRACE_SECONDS": "4",
        }

    def start(
        self, *, lanes: str = "rpc,events,relay,timers", wait: bool = True, stderr: IO[bytes] | None = None, **env: str
    ) -> subprocess.Popen[bytes]:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chassis.ledger", "--lanes", lanes],
            env={**os.environ, **self.env, "LEDGER_HEALTH_PORT": str(port), **env},
            stdout=subprocess.DEVNULL,
            stderr=stderr,
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
        properties.setdefault("user_id", user_of(self.amqp_uri))
        wire.publish(wire.connection.channel(), body, exchange=exchange, routing_key=routing_key, **properties)
        wire.close()

    def apply_topology(self) -> None:
        wire = Wire(self.amqp_uri, name="test.topology", heartbeat=0)
        channel = wire.connection.channel()
        topology.declare_sources(channel, ["ledger"])
        topology.declare_handler(channel, "ledger.on_entry_written", [WRITTEN])
        topology.declare_retries(channel, "ledger", [0.2, 0.4])
        wire.close()

    def forget(self) -> None:
        """Empty every table that requests write to."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql("truncate entries, outbox, history, idempotency_keys, audit")

    def close(self) -> None:
        self.client.close()
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        self.engine.dispose()


def prepared(database_url: str, amqp_uri: str) -> Ledger:
    """A ledger with its tables and queues, and no process yet."""
    made = Ledger(database_url, amqp_uri)
    with made.engine.begin() as connection:
        connection.exec_driver_sql(frozen())
        connection.exec_driver_sql(LEDGER_TABLES)
    made.env["LEDGER_DATABASE_URL"] = with_rights(database_url)
    made.apply_topology()
    return made


@pytest.fixture
def ledger(fresh_database: Make, vhost: str) -> Iterator[Ledger]:
    """A ledger of the test's own, with no process yet."""
    made = prepared(fresh_database("ledger"), vhost)
    yield made
    made.close()


@pytest.fixture(scope="module")
def module_ledger(module_database: Make, broker: Broker) -> Iterator[Ledger]:
    """A ledger with one process that takes requests, for the tests of a module."""
    vhost = broker.make_vhost()
    made = prepared(module_database("ledger"), broker.uri(vhost))
    made.start(lanes="rpc")
    yield made
    made.close()
    broker.drop_vhost(vhost)


@pytest.fixture
def serving(module_ledger: Ledger) -> Iterator[Ledger]:
    """The ledger of the module, with nothing written yet. A test that sets up or hurts its process needs `ledger`."""
    yield module_ledger
    assert module_ledger.processes[0].poll() is None
    module_ledger.forget()
