"""A throwaway platform for journeys and benchmarks: services and a gateway as real processes, on given databases and a vhost.

Not here: the servers, and the platform of ``make run`` (``platform``).
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import make_url

from chassis.broker import topology
from chassis.broker.wire import Wire
from chassis.ground import clock
from chassis.store import migrations
from chassis.store.database import make_engine
from deploy.local import database_roles, demo_keys, processes
from deploy.local.notes import port_is_free
from examples.client import Client
from gateway.auth import clients
from gateway.auth.scopes import EVERYBODY, OPERATING, TYPES

#: Below the ports a checkout keeps (``notes``).
FIRST_PORT, PORTS = 12_000, 8_000
_given: set[int] = set()
#: Requests are counted, but the limits are never reached.
UNLIMITED = {f"GATEWAY_RATE_{policy}": "1000000/second" for policy in ("CLIENT", "IMPORTS", "CREDENTIALS", "ADDRESS")}


class ThrowawayPlatform:
    """Running processes, and clients of the gateway.

    `databases` are the URLs of their owner; the processes have those of roles that only run (`environment`). `migrating` is
    what an operator's shell has besides.
    """

    def __init__(self, folder: Path, make_database: Callable[[str], str], amqp_uri: str, broker_user: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.databases = {name: make_database(name) for name in (*processes.services(), "gateway")}
        demo_keys.make(folder / "keys")
        self.vhost = urlsplit(amqp_uri).path[1:]
        self.migrating = {f"{name.upper()}_MIGRATION_DATABASE_URL": url for name, url in self.databases.items()}
        self.environment = {
            **os.environ,
            "PYTHONWARNINGS": "ignore",
            "YOUTHCITY_ENV": "dev",
            "KEY_DIR": str(folder / "keys"),
            "AMQP_URI": amqp_uri,
            "GATEWAY_BROKER_USER": broker_user,
            **{f"{name.upper()}_BROKER_USER": broker_user for name in processes.services()},
            "GATEWAY_BIND": f"127.0.0.1:{self.port}",
            "RETRY_DELAYS": "0.5,1,2",
            **UNLIMITED,
            **{f"{name.upper()}_DATABASE_URL": self._running(url) for name, url in self.databases.items()},
        }
        self.processes: dict[str, tuple[subprocess.Popen[bytes], str]] = {}

    @staticmethod
    def _running(url: str) -> str:
        """The database for the role that runs, which may do nothing yet."""
        role = f"{make_url(url).database}_running"
        return database_roles.make_running(url, role, secrets.token_hex(8))

    def prepare(self) -> None:
        """Migrate the databases, give the roles that run their rights, and declare the topology."""
        for name, url in self.databases.items():
            running = make_url(self.environment[f"{name.upper()}_DATABASE_URL"]).username
            migrations.upgrade(url, name, running=running)
        wire = Wire(self.environment["AMQP_URI"], name="topology", heartbeat=0)
        delays = [float(delay) for delay in self.environment["RETRY_DELAYS"].split(",")]
        topology.declare_all(wire.connection.channel(), delays=delays)
        wire.close()

    def start(self, *, processes_each: int) -> None:
        """Start `processes_each` of every service and a gateway; returns when all are ready."""
        for name in processes.services():
            for number in range(processes_each):
                self.start_service(name, f"{name}-{number}")
        self.start_gateway()
        for name in list(self.processes):
            self.wait_for(name)

    def start_gateway(self) -> None:
        self.spawn_gateway("gateway")

    def spawn_gateway(self, name: str, **environment: str) -> None:
        """Start a gateway; it is where GATEWAY_BIND says."""
        port = free_port()
        self.spawn(
            name,
            ["-m", "gateway"],
            f"http://127.0.0.1:{port}/readyz",
            {"GATEWAY_HEALTH_PORT": str(port), **environment},
        )

    def start_further_gateway(self, name: str, **environment: str) -> str:
        """Start another gateway with settings of its own; returns its address."""
        bind = f"127.0.0.1:{free_port()}"
        self.spawn_gateway(name, GATEWAY_BIND=bind, **environment)
        self.wait_for(name)
        return f"http://{bind}"

    def start_service(self, service: str, name: str, *lanes: str, **environment: str) -> None:
        port = free_port()
        environment[f"{service.upper()}_HEALTH_PORT"] = str(port)
        arguments = ["-m", f"services.{service}", *(("--lanes", ",".join(lanes)) if lanes else ())]
        self.spawn(name, arguments, f"http://127.0.0.1:{port}/readyz", environment)

    def spawn(self, name: str, arguments: list[str], ready_url: str, environment: dict[str, str]) -> None:
        """Start a Python process in the platform's environment; a second process of the same name appends to the log."""
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments], env={**self.environment, **environment}, stdout=log, stderr=log
            )
        self.processes[name] = (process, ready_url)

    def wait_for(self, name: str) -> None:
        _, url = self.processes[name]
        deadline = time.monotonic() + 60
        while not processes.is_ready(url):
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"{name} did not become ready:\n{(self.folder / f'{name}.log').read_text()[-3000:]}"
                )
            time.sleep(0.1)

    def health_url(self, name: str) -> str:
        """Where /livez, /readyz and /metrics of a process are."""
        return self.processes[name][1].removesuffix("/readyz")

    def is_ready(self, name: str) -> bool:
        """Whether a process is ready for requests."""
        return processes.is_ready(self.processes[name][1])

    def is_alive(self, name: str) -> bool:
        """Whether a process answers at all."""
        return processes.is_ready(self.processes[name][1].replace("/readyz", "/livez"))

    def run(self, module: str, *arguments: str) -> str:
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout

    def client(
        self, name: str, department: str, *scopes: str, type: str = "system", bound_to: Collection[str] = ()
    ) -> Client:
        """Register a client, with every scope of its type where none is named."""
        engine = make_engine(self.databases["gateway"], pool_size=1, name="throwaway")
        places = [UUID(place) for place in bound_to]
        wanted = clients.Registration(name, department, scopes or _scopes_of(type), type, places)
        now = clock.now()
        client_id, secret = clients.register(engine, wanted, now=now, expires_at=now + clients.LONGEST_EVERYBODY)
        engine.dispose()
        purpose = "a test of named offices" if EVERYBODY in scopes else None
        return Client(self.url, client_id, secret, department=department, purpose=purpose)

    def stop(self, name: str) -> None:
        process, _ = self.processes.pop(name)
        process.terminate()
        process.wait(45)

    def close(self) -> None:
        for process, _ in self.processes.values():
            process.terminate()
        for process, _ in self.processes.values():
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A free port below the range of outgoing connections, so that no client socket takes it.

    It is never returned twice: the server that will listen there may start late.
    """
    while True:
        port = FIRST_PORT + secrets.randbelow(PORTS)
        if port not in _given and port_is_free(port):
            _given.add(port)
            return port


def eventually(condition: Callable[[], Any], *, seconds: float = 30, what: str = "it") -> Any:
    """Ask until the answer is true and return it; fails with `what` at the deadline."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.05)
    return found


def _scopes_of(type: str) -> list[str]:
    """Every scope of a type of client but ``people:all``; of an operator, those of the queues and deliveries."""
    return sorted(OPERATING if type == "operator" else TYPES[type] - {EVERYBODY})
