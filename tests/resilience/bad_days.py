"""A small platform behind proxies, and the bad days it can have: each a context in which something does not answer.

Lives here: freezing, refusing, holding locks, ending processes, and undoing it. Not here: what must be answered meanwhile
(``test_bounded_answers``, ``test_boot_and_stop``).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psycopg2

from chassis.broker.wire import Wire
from chassis.rpc.calls import rpc_queue
from chassis.rpc.client import BACKLOG_LIMIT
from deploy.local.throwaway import ThrowawayPlatform, eventually
from examples.city import credit_code
from examples.client import Client
from tests.support.proxy import Proxy
from tests.support.servers import Broker

CALL_SECONDS = 2
WORKERS = 4
GRACE_SECONDS = 6


class Answer(NamedTuple):
    """What came back: the status, the problem's code, after how many seconds, and whether it says when to try again."""

    status: int
    code: str
    seconds: float
    says_when: bool


class BadDays:
    """talent in one process and a gateway, each with a proxy between it and the servers."""

    def __init__(self, platform: ThrowawayPlatform, broker: Broker) -> None:
        self.platform, self.broker, vhost = platform, broker, platform.vhost
        self.direct_database = self.platform.databases["talent"]
        self.for_gateway, self.for_talent = (Proxy(*_address(broker.uri(vhost), 5672)) for _ in range(2))
        self.database = Proxy(*_address(self.direct_database, 5432))
        self.platform.environment |= {
            "GATEWAY_AMQP_URI": self.for_gateway.uri(broker.uri(vhost)),
            "TALENT_AMQP_URI": self.for_talent.uri(broker.uri(vhost)),
            "TALENT_DATABASE_URL": self.database.uri(self.direct_database),
            "GATEWAY_CALL_SECONDS": str(CALL_SECONDS),
            "TALENT_RPC_WORKERS": str(WORKERS),
            "GRACE_SECONDS": str(GRACE_SECONDS),
        }
        self.registered: Client | None = None
        self._numbers = iter(range(700_000, 800_000))

    def start(self) -> None:
        """Start both and wait until they are ready."""
        self.platform.start_service("talent", "talent-0")
        self.platform.start_gateway()
        for name in ("talent-0", "gateway"):
            self.platform.wait_for(name)
        self.login()

    def login(self) -> None:
        """A token, of a client that is registered at the first time."""
        if self.registered is None:
            self.registered = self.platform.client("bounded", "education")
        self.token = self.registered._bearer()

    def close(self) -> None:
        self.platform.close()
        for proxy in (self.for_gateway, self.for_talent, self.database):
            proxy.close()

    def pid(self, name: str) -> int:
        return self.platform.processes[name][0].pid

    # -- asking

    def read(self) -> Answer:
        """A query."""
        return self._ask("GET", "/v1/organisations?limit=1", None)

    def write(self) -> Answer:
        """A command: a new organisation each time."""
        number = next(self._numbers)
        return self._ask(
            "POST",
            "/v1/organisations",
            {"kind": "enterprise", "name": f"单位{number}", "uscc": credit_code("91", number)},
        )

    def at_once(self, count: int) -> list[Answer]:
        """As many queries in as many threads."""
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(lambda _: self.read(), range(count)))

    def _ask(self, method: str, path: str, body: Any) -> Answer:
        """Once, as a client without patience would; the example client asks again after a 503."""
        data = json.dumps(body, ensure_ascii=False).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.platform.url + path, data, headers, method=method)
        started = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, "", time.monotonic() - started, "Retry-After" in answer.headers)
        except urllib.error.HTTPError as error:
            code = json.loads(error.read())["code"]
            return Answer(error.code, code, time.monotonic() - started, "Retry-After" in error.headers)

    # -- bad days

    @contextlib.contextmanager
    def broker_frozen(self) -> Iterator[None]:
        for proxy in (self.for_gateway, self.for_talent):
            proxy.freeze()
        try:
            yield
        finally:
            for proxy in (self.for_gateway, self.for_talent):
                proxy.thaw()

    @contextlib.contextmanager
    def broker_down(self) -> Iterator[None]:
        for proxy in (self.for_gateway, self.for_talent):
            proxy.refuse()
            proxy.cut()
        try:
            yield
        finally:
            for proxy in (self.for_gateway, self.for_talent):
                proxy.allow()

    @contextlib.contextmanager
    def service_without_consumer(self) -> Iterator[None]:
        self.platform.stop("talent-0")
        try:
            yield
        finally:
            self.platform.start_service("talent", "talent-0")

    @contextlib.contextmanager
    def service_frozen(self) -> Iterator[None]:
        pid = self.pid("talent-0")
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    @contextlib.contextmanager
    def database_frozen(self) -> Iterator[None]:
        self.database.freeze()
        try:
            yield
        finally:
            self.database.thaw()

    @contextlib.contextmanager
    def database_down(self) -> Iterator[None]:
        self.database.refuse()
        self.database.cut()
        try:
            yield
        finally:
            self.database.allow()

    @contextlib.contextmanager
    def pool_exhausted(self) -> Iterator[None]:
        """Every worker waits for a lock, and as many requests again wait for a worker."""
        with contextlib.closing(psycopg2.connect(self.direct_database)) as connection:
            with connection.cursor() as cursor:
                cursor.execute("lock table organisations in access exclusive mode")
            askers = [threading.Thread(target=self.read) for _ in range(2 * WORKERS)]
            for asker in askers:
                asker.start()
            eventually(lambda: self._waiting_for_locks() >= WORKERS, what="every worker waiting")
            try:
                yield
            finally:
                connection.rollback()
                for asker in askers:
                    asker.join(30)

    def _waiting_for_locks(self) -> int:
        with contextlib.closing(psycopg2.connect(self.direct_database)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            )
            return int(cursor.fetchone()[0])  # type: ignore[index]

    @contextlib.contextmanager
    def queue_full(self) -> Iterator[None]:
        """More requests wait for talent, which is slow to the point of standing still, than it may have waiting."""
        with (
            self.service_frozen(),
            contextlib.closing(Wire(self.broker.uri(self.platform.vhost), name="test.flood")) as wire,
        ):
            channel = wire.connection.channel()
            for _ in range(BACKLOG_LIMIT + 100):
                wire.publish(channel, "{}", exchange="", routing_key=rpc_queue("talent"), expiration="30000")
            eventually(lambda: self._waiting_requests() > BACKLOG_LIMIT, what="a full queue")
            yield

    def _waiting_requests(self) -> int:
        wire = Wire(self.broker.uri(self.platform.vhost), name="test.count")
        with contextlib.closing(wire):
            return int(wire.connection.channel().queue_declare(rpc_queue("talent"), passive=True).message_count)


def _address(url: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or default_port
