"""Bringing the platform up and down on one machine: servers, databases, topology, processes, clients, demo city."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local import clients, demo_keys, leftovers, packages, processes, running
from deploy.local.broker_users import GATEWAY
from deploy.local.database_roles import make_all, note
from deploy.local.environment import compose, migrating, of_running
from deploy.local.notes import Notes
from deploy.local.packages import FOR_TESTS, ROOT, SERVERS, say
from deploy.local.place import Place, place
from deploy.local.postgres import Postgres
from deploy.local.processes import run_step, run_steps
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.rabbitmq.cluster import Cluster
from deploy.local.scaling import Scale, require_connections
from deploy.local.supervising import Supervisor
from examples.client import client_of


class Platform:
    """The platform of this checkout; `is_test` for one that serves the tests.

    DATABASE_URL (a server) and AMQP_URI replace the private servers, except in a platform for tests; everything runs as
    their one user then.
    """

    def __init__(self, *, is_test: bool = False) -> None:
        self.place: Place = place(is_test=is_test)
        self.notes = Notes(self.place.data / "notes.json")
        self.supervisor = Supervisor(self.place)
        self.postgres = Postgres(self.place, self.notes)
        self.rabbitmq = RabbitMQ(self.place, self.notes)
        self._database_server = None if is_test else os.environ.get("DATABASE_URL")
        self._broker = None if is_test else self._foreign(os.environ.get("AMQP_URI"))
        self.scale = Scale(self.place, self.notes)
        self.description = self.place.state / "platform.json"
        self._ready_urls = self.place.state / "processes.json"
        self._unfinished_start = self.place.state / "start-unfinished"

    def _foreign(self, uri: str | None) -> str | None:
        """A broker given by the environment; None for this checkout's own, which `cli environment` puts there too."""
        parts = urlsplit((uri or "").split(";")[0])
        is_own = parts.hostname == "127.0.0.1" and parts.port == self.notes.kept("port.amqp")
        return None if is_own else uri

    def start_servers(self) -> None:
        """Start the private servers; returns when they answer."""
        packages.ensure(SERVERS | FOR_TESTS if self.place.is_test else SERVERS)
        self.rabbitmq.begin()
        self.postgres.start()
        self.rabbitmq.await_ready()

    def up(self, *, foreground: bool = False) -> subprocess.Popen[bytes] | None:
        """Bring everything up; returns when it is ready (with the supervisor, in the foreground)."""
        packages.ensure()
        if self._broker is None:
            self.rabbitmq.begin()
        if self._database_server is None:
            self.postgres.start()
        if self.is_up():
            processes.wait_until_ready(json.loads(self._ready_urls.read_text()), self.place)
            return None
        self._stop_processes()  # left by a start that was killed
        self._unfinished_start.touch()
        try:
            supervisor = self._start_processes(foreground=foreground)
        except BaseException:
            self._stop_processes()
            raise
        self._unfinished_start.unlink()
        return supervisor

    def is_up(self) -> bool:
        """Whether the processes run, and the start that started them came to its end."""
        return self.supervisor.is_running() and not self._unfinished_start.exists()

    def _stop_processes(self) -> None:
        self.supervisor.stop()
        self.scale.stop()

    def _start_processes(self, *, foreground: bool) -> subprocess.Popen[bytes] | None:
        demo_keys.make(self.place.data / "keys")
        environment = self.environment()
        self._migrate(environment)  # while the broker starts
        if self._broker is None:
            say("waiting for RabbitMQ")
            self.rabbitmq.await_ready()
            self.rabbitmq.make_users([*processes.services(), GATEWAY])
            self.rabbitmq.make_listener(clients.LISTENER, clients.LISTENER_TYPES)
        say("declaring exchanges and queues")
        run_step("chassis", "topology", "apply", environment=environment)
        planned = processes.planned(self.notes)
        say(f"starting {len(planned)} processes")
        ready_urls = {process.name: process.ready_url for process in planned}
        processes.write_private(self._ready_urls, ready_urls)
        supervisor = self.supervisor.start(planned, environment=environment, foreground=foreground)
        processes.wait_until_ready(ready_urls, self.place)
        listener_uri = self._broker or self.rabbitmq.uri(clients.LISTENER)
        self.scale.set(processes.wanted_numbers(), environment)
        environment |= migrating(self._database_server or self.postgres.url)  # from here on for commands alone
        if self._broker is None:
            environment |= {"RABBIT_API": self.rabbitmq.api, **self.rabbitmq.for_commands()}
        say("registering the demo's clients")
        url, logs = environment["GATEWAY_PUBLIC_URL"], self.place.state / "logs"
        clients.describe(self.description, url=url, environment=environment, listener_uri=listener_uri, logs=logs)
        return supervisor

    def _migrate(self, environment: dict[str, str]) -> None:
        say("migrating the databases")
        if self._database_server is None:
            make_all(self.postgres.url, self.notes, (*processes.services(), GATEWAY))
        owners = migrating(self._database_server or self.postgres.url)
        names = [f"services.{service}" for service in processes.services()]
        run_steps([(name, "migrate") for name in (*names, "gateway")], environment={**environment, **owners})

    def stop(self) -> None:
        """Stop everything that runs for this checkout."""
        self._stop_processes()
        left = leftovers.of_tests(self.place.state) if self.place.is_test else []
        for process in left:
            say(f"ending process {process.pid}, left by a test: {process.command[:100]}")
        running.end([process.pid for process in left], seconds=5)
        say("stopping the servers of the tests" if self.place.is_test else "stopping the servers")
        self.rabbitmq.stop()
        self.postgres.stop()
        if self.place.is_test:
            Cluster(self.place).stop()  # nodes left by tests that were killed

    def environment(self) -> dict[str, str]:
        """The environment of every process and command of the platform about to start."""
        bind = f"127.0.0.1:{os.environ.get('GATEWAY_PORT') or self.notes.free_port(GATEWAY)}"
        return compose(
            keys=self.place.data / "keys",
            bind=bind,
            database_server=self._database_server or self.postgres.url,
            password_of=lambda name: None if self._database_server else self.notes.secret(note(name)),
            broker=self._broker,
            uri_of=self.rabbitmq.uri,
        )

    def broker_line(self) -> str:
        """The management address of the private broker; empty where an external broker is used."""
        if self._broker is not None:
            return ""
        url = f"http://127.0.0.1:{self.notes.port('management')}"
        return f"  broker      {url}  (user ops; password: {self.notes.secret('amqp.ops')})\n"

    def set_scale(self, wanted: Mapping[str, int]) -> None:
        """As many processes of each named service as `wanted`, in the running platform."""
        environment = of_running(self.place.state)
        if environment is None:
            raise SystemExit("The platform does not run: `make up` starts it.")
        if self._database_server is None:
            require_connections({**self.scale.counts(), **wanted})
        self.scale.set(wanted, environment)

    def load_demo(self) -> None:
        """Load the demo city; existing records stay as they are."""
        if not self.supervisor.is_running():
            raise SystemExit("The platform does not run: `make up` starts it.")
        say("loading the demo city")
        unfinished = self._unfinished_demo
        unfinished.touch()
        command = [sys.executable, "-m", "examples.demo", "--platform", str(self.description)]
        if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode:
            raise SystemExit("The demo city is not complete; `make demo` goes on with it.")
        clients.add_devices(self.description)
        unfinished.unlink()

    def is_empty(self) -> bool:
        """Whether there is no organisation yet, or the demo city is incomplete."""
        if self._unfinished_demo.exists():
            return True
        client = client_of(json.loads(self.description.read_text()))
        return not client.get("/v1/organisations", limit=1)["items"]

    @property
    def _unfinished_demo(self) -> Path:
        return self.place.data / "demo-unfinished"


def run() -> int:
    """Bring the platform up and stay in the foreground until Ctrl-C or SIGTERM; then take it down."""
    platform = Platform()
    if platform.is_up():
        say("the platform runs already; `make down` stops it")
        welcome(platform)
        return 1
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    status = 0
    try:
        supervisor = platform.up(foreground=True)
        if platform.is_empty():
            platform.load_demo()
        welcome(platform)
        print("Ctrl-C stops it.", flush=True)
        if supervisor is not None:
            status = supervisor.wait()
            say(f"the supervisor ended by itself; see {platform.place.state}/logs")
    except KeyboardInterrupt:
        print()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave processes running
        platform.stop()
    return status


def _leave(number: int, frame: object) -> None:
    sys.exit(0)


def welcome(platform: Platform) -> None:
    """The addresses, a client, and one line to try."""
    described = json.loads(platform.description.read_text())
    url, demo = described["gateway_url"], described["clients"]["demo"]
    state = platform.place.state.relative_to(ROOT)
    login = f"{demo['client_id']}:{demo['client_secret']}"
    token = f"$(curl -s -u {login} -d grant_type=client_credentials {url}/oauth/token"
    token += r""" | sed 's/.*"access_token": *"\([^"]*\).*/\1/')"""
    print(f"""
Youth City runs.
  gateway     {url}
  API         {url}/docs
{platform.broker_line()}  client      {demo["client_id"]}
  secret      {demo["client_secret"]}
  logs        {state}/logs/
  for scripts {state}/platform.json

Try:
  curl -s -H "Authorization: Bearer {token}" {url}/v1/figures
""")
