"""Bringing the platform up and down on one machine: servers, databases, topology, processes, clients, demo city."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from sqlalchemy import make_url

from deploy.local import demo_keys, processes
from deploy.local.bootstrap import say
from deploy.local.place import ROOT, Notes, Place, place
from deploy.local.postgres import Postgres
from deploy.local.processes import Supervisor, gateway_url, run_step
from deploy.local.rabbitmq import RabbitMQ

#: Demo client → its department and scopes. The first holds every scope.
CLIENTS: dict[str, tuple[str, list[str]]] = {
    "demo": ("youth_league", []),
    "education": ("education", ["talent:read", "talent:write", "perks:read"]),
    "gate": ("culture_tourism", ["perks:read", "perks:redeem"]),
}


class Platform:
    """The platform of this checkout; `is_test` for one that serves the tests."""

    def __init__(self, *, is_test: bool = False) -> None:
        self.place: Place = place(is_test=is_test)
        self.notes = Notes(self.place.data / "notes.json")
        self.supervisor = Supervisor(self.place)
        own_servers = is_test or "DATABASE_URL" not in os.environ
        self.postgres = Postgres(self.place, self.notes) if own_servers else None
        own_broker = is_test or "AMQP_URI" not in os.environ
        self.rabbitmq = RabbitMQ(self.place, self.notes) if own_broker else None

    def start_servers(self) -> None:
        """Start the private servers that nothing replaces."""
        if self.rabbitmq is not None:
            self.rabbitmq.start()
            self.rabbitmq.make_users([*processes.services(), "gateway"])
        if self.postgres is not None:
            self.postgres.start()

    def stop(self) -> None:
        """Stop everything that runs for this checkout."""
        self.supervisor.stop()
        say("stopping the servers")
        for server in (self.rabbitmq, self.postgres):
            if server is not None:
                server.stop()

    def environment(self) -> dict[str, str]:
        """What every process and command of the platform finds in its environment."""
        server = self.postgres.url if self.postgres is not None else os.environ["DATABASE_URL"]
        found = {
            "YOUTHCITY_ENV": "dev",
            "KEY_DIR": str(self.place.data / "keys"),
            "GATEWAY_BIND": gateway_url(self.notes).removeprefix("http://"),
            "GATEWAY_PUBLIC_URL": gateway_url(self.notes),
            "AMQP_URI": self._broker("ops"),
            "GATEWAY_BROKER_USER": "gateway" if self.rabbitmq is not None else _user_of(os.environ["AMQP_URI"]),
        }
        for name in (*processes.services(), "gateway"):
            url = make_url(server).set(database=f"youthcity_{name}").render_as_string(hide_password=False)
            found[f"{name.upper()}_DATABASE_URL"] = url
            found[f"{name.upper()}_AMQP_URI"] = self._broker(name)
        return found

    def _broker(self, user: str) -> str:
        return self.rabbitmq.uri(user) if self.rabbitmq is not None else os.environ["AMQP_URI"]

    def up(self, *, foreground: bool = False) -> Any:
        """Bring everything up; returns when it is ready (with the supervisor, in the foreground)."""
        self.start_servers()
        demo_keys.make(self.place.data / "keys")
        planned = processes.planned(self.place, self.notes, self.environment())
        supervisor = None
        if self.supervisor.pid() is None:
            self._prepare()
            planned = processes.planned(self.place, self.notes, self.environment())
            supervisor = self.supervisor.start(planned, foreground=foreground)
        processes.wait_until_ready(planned, self.place)
        self._describe()
        return supervisor

    def _prepare(self) -> None:
        say("migrating the databases")
        for service in processes.services():
            run_step(f"services.{service}", "migrate", environment=self.environment())
        if (ROOT / "gateway" / "__main__.py").exists():
            run_step("gateway", "migrate", environment=self.environment())
        run_step("chassis", "topology", "apply", environment=self.environment())

    def _describe(self) -> None:
        """Write ``platform.json``: the address and the demo clients, made at the first start."""
        path = self.place.state / "platform.json"
        known = json.loads(path.read_text()).get("clients", {}) if path.exists() else {}
        for name, (department, scopes) in CLIENTS.items():
            if name not in known:
                arguments = ["client", "add", name, "--department", department, "--json"]
                for scope in scopes:
                    arguments += ["--scope", scope]
                arguments += [] if scopes else ["--all-scopes"]
                known[name] = json.loads(run_step("gateway", *arguments, environment=self.environment()))
        processes.write_private(path, {"gateway_url": gateway_url(self.notes), "clients": known})

    def load_demo(self) -> None:
        """Load the demo city; what is there already is left as it is."""
        say("loading the demo city")
        print(run_step("examples.demo", "--platform", str(self.place.state / "platform.json"), environment={}), end="")

    def is_empty(self) -> bool:
        """Whether the demo city has not been loaded yet."""
        return not (self.place.data / "demo-loaded").exists()

    def mark_loaded(self) -> None:
        (self.place.data / "demo-loaded").touch()


def welcome(platform: Platform) -> None:
    """The addresses, a client, and one line to try."""
    described = json.loads((platform.place.state / "platform.json").read_text())
    url, demo = described["gateway_url"], described["clients"]["demo"]
    state = platform.place.state.relative_to(ROOT)
    print(f"""
Youth City runs.
  gateway    {url}         (API: {url}/docs)
  client     {demo["client_id"]}  secret {demo["client_secret"]}
  logs       {state}/logs/         for scripts: {state}/platform.json

Try:
  TOKEN=$(curl -s -u {demo["client_id"]}:{demo["client_secret"]} -d grant_type=client_credentials {url}/oauth/token \\
    | python3 -c 'import json,sys; print(json.load(sys.stdin)["access_token"])')
  curl -s -H "Authorization: Bearer $TOKEN" {url}/v1/figures
""")


def run() -> int:
    """Bring the platform up and stay in the foreground until Ctrl-C or SIGTERM; then take it down."""
    platform = Platform()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        supervisor = platform.up(foreground=True)
        if platform.is_empty():
            platform.load_demo()
            platform.mark_loaded()
        welcome(platform)
        print("Ctrl-C stops it.", flush=True)
        if supervisor is not None:
            supervisor.wait()
    except KeyboardInterrupt:
        print()
    finally:
        platform.stop()
    return 0


def _user_of(amqp_uri: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(amqp_uri.split(";")[0]).username or "guest"
