"""The platform to check: that of this checkout, running or as its next start would be, or that of the environment."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.local import environment, postgres, processes, rabbitmq, running
from deploy.local.broker_users import GATEWAY
from deploy.local.notes import Notes, port_is_free
from deploy.local.place import SERVER_USER, Place
from doctor import machine
from doctor.listening import Listener
from doctor.remarks import Remark

#: Longest wait for a connection or an answer.
PROBE_SECONDS = 3.0


@dataclass(frozen=True)
class Site:
    """Read once, at the start. `environment` is that of the platform's processes, empty before the first start."""

    place: Place
    notes: Notes
    environment: Mapping[str, str]
    #: The caller gave a process's environment: nothing of this checkout need run.
    is_given: bool
    is_running: bool
    """Whether the supervisor of this checkout runs."""
    gateway_port_given: bool = False

    @property
    def names(self) -> list[str]:
        """The services, and the gateway, whose databases are known."""
        named = (*processes.services(), GATEWAY)
        return [name for name in named if environment.explicit(self.environment, [name])]

    @property
    def owns_broker(self) -> bool:
        """Whether the broker is the private one of this checkout."""
        return self._is_own(self.secret("AMQP_URI"), "port.amqp")

    @property
    def owns_database(self) -> bool:
        """Whether the database server is the private one of this checkout."""
        return self._is_own(self.secret(f"{GATEWAY.upper()}_DATABASE_URL"), "port.postgres")

    def _is_own(self, url: str, port: str) -> bool:
        parts = urlsplit(url.split(";")[0])
        return not self.is_given and parts.hostname == "127.0.0.1" and parts.port == self.notes.kept(port)

    @property
    def broker_api(self) -> str:
        """The management API, with a login: RABBIT_API, or the private broker's, or where RabbitMQ has it by default."""
        if self.environment.get("RABBIT_API"):
            return self.environment["RABBIT_API"].rstrip("/")
        parts = urlsplit(self.secret("AMQP_URI").split(";")[0])
        port = self.notes.kept("port.management") if self.owns_broker else 15672
        return f"http://{parts.username or 'guest'}:{parts.password or 'guest'}@{parts.hostname}:{port}"

    def secret(self, name: str) -> str:
        """The value of a variable, or the content of the file ``<name>_FILE`` names; empty where there is neither."""
        path = self.environment.get(f"{name}_FILE")
        return Path(path).read_text().strip() if path else self.environment.get(name, "")

    def ready_urls(self) -> dict[str, str]:
        """Process → its readiness address; empty where no process of this checkout runs."""
        path = self.place.state / "processes.json"
        if self.is_running and not self.is_given and path.exists():
            found: dict[str, str] = json.loads(path.read_text())
            return found
        return {}

    def command(self, *words: str) -> str:
        """What to type to run ``python -m <words>`` with the environment of the platform."""
        own = self.place.state / "venv" / "bin" / "python"
        python = os.path.relpath(own, self.place.state.parent) if Path(sys.executable) == own else sys.executable
        return shlex.join([python, "-m", *(() if self.is_given else ("deploy.local", "command")), *words])

    def has_servers_running(self) -> bool:
        """Whether a private server of this checkout runs."""
        return self.postgres_pid() is not None or self.broker_pid() is not None

    def postgres_pid(self) -> int | None:
        """The process of the private cluster's server."""
        return postgres.server_pid(self.place.data / "postgres")

    def broker_pid(self) -> int | None:
        """The process of the private broker's node."""
        return rabbitmq.node_pid(self.place.data / "rabbitmq")


def find(place: Place, given: Mapping[str, str]) -> Site:
    """The site at `place`; raises PermissionError where it is another user's."""
    notes = Notes(place.data / "notes.json")
    running_in = environment.of_running(place.state)
    if environment.explicit(given, [*processes.services(), GATEWAY]):
        return Site(place, notes, given, is_given=True, is_running=running_in is not None)
    found: Mapping[str, Any] = running_in or environment.of_next_start(place.data, notes, given) or {}
    is_port_given = bool((running_in or given).get("GATEWAY_PORT"))
    found = {**found, **({"RABBIT_API": given["RABBIT_API"]} if given.get("RABBIT_API") else {})}
    return Site(place, notes, found, False, running_in is not None, is_port_given)


def ports(site: Site) -> Iterator[Remark]:
    """Whether the ports of this checkout, also those clients know from before, are its own or free."""
    expected = {}
    if site.environment and not site.is_given:
        own = {"postgres": site.owns_database, **dict.fromkeys(rabbitmq.PORTS, site.owns_broker)}
        expected = {use: port for use, is_own in own.items() if is_own and (port := site.notes.kept(f"port.{use}"))}
    named = {f"{name} health" if name == GATEWAY else name: url for name, url in site.ready_urls().items()}
    expected |= {name: port for name, url in named.items() if (port := urlsplit(url).port)}
    if bound := site.environment.get("GATEWAY_BIND"):
        port = int(bound.rpartition(":")[2])
        expected = {use: one for use, one in expected.items() if one != port} | {GATEWAY: port}
    if not expected:
        return iter(())
    return machine.ports(expected, is_ours=lambda listener: _is_ours(site, listener), remedy=_another_port(site))


def _is_ours(site: Site, listener: Listener) -> bool:
    """Whether a listener belongs to this checkout; one that cannot be inspected does if our servers' account owns it."""
    if listener.pid is None:
        return site.is_given or listener.user == SERVER_USER
    if site.is_given:
        return GATEWAY in running.command_of(listener.pid)
    further = [f"processes:{name}" for name in site.ready_urls()]
    marks = [f"{site.place.state}:{what}" for what in ("rabbitmq", "processes", *further)]
    mine = {pid for mark in marks for pid in running.members(mark)}
    return listener.pid in mine or str(site.place.data) in running.command_of(listener.pid)


def _another_port(site: Site) -> str:
    """What to type to change to another port: a start chooses one itself, except where GATEWAY_PORT names it."""
    free = next(port for port in range(8000, 9000) if port_is_free(port))
    start = f"GATEWAY_PORT={free} make up" if site.gateway_port_given else "make up"
    return f"make down && {start}" if site.is_running or site.has_servers_running() else start
