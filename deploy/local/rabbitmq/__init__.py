"""A private RabbitMQ node: its own name, home, cookie and ports (AMQP, management, distribution, epmd), loopback only.

Not here: the permissions of each broker user (``deploy.local.broker_users``), a cluster of nodes (``cluster``).
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.local import running
from deploy.local.broker_users import OPS, VHOST, listener_rights, rights
from deploy.local.notes import Notes, answers
from deploy.local.packages import find_program, say
from deploy.local.place import Place

START_SECONDS = 90
STOP_SECONDS = 30
#: Below this the node accepts no messages.
DISK_FREE_LIMIT_MB = 100
PORTS = ("amqp", "management", "distribution", "epmd")


class RabbitMQ:
    """The node of one stack."""

    def __init__(self, place: Place, notes: Notes) -> None:
        self._place, self._notes = place, notes
        self._folder = place.data / "rabbitmq"
        self._mark = f"{place.state}:rabbitmq"

    @property
    def name(self) -> str:
        """The node, as Erlang knows it."""
        return f"youthcity-{self._place.tag}@localhost"

    def uri(self, user: str = OPS, vhost: str = VHOST) -> str:
        """The broker, for `user`."""
        return f"amqp://{user}:{self._secret(user)}@127.0.0.1:{self._port('amqp')}/{vhost}"

    @property
    def api(self) -> str:
        """The management API, with the ops user's login."""
        return f"http://{OPS}:{self._secret(OPS)}@127.0.0.1:{self._port('management')}"

    def begin(self) -> None:
        """Begin to start the node, if it does not run; `await_ready` waits for it."""
        if self._node() is not None:
            return
        self.stop()  # processes left by a failed start
        say("starting RabbitMQ")
        self._take_ports()
        self._place.folder(self._folder)
        self._place.folder(self._folder / "home")
        self._place.file(self._folder / "rabbitmq.conf", self._configuration())
        self._place.file(self._folder / "plugins", "[rabbitmq_management].\n")
        self._place.file(self._folder / "environment", "")
        server = find_program("rabbitmq-server")
        assert server is not None, "packages.ensure() comes first"
        with open(self._folder / "node.log", "ab") as log:
            subprocess.Popen(
                [str(server)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self.environment(),
                start_new_session=True,
                **self._place.as_server(),
            )

    def await_ready(self) -> None:
        """Return when the node accepts connections and API requests; exits with the path of its log when it does not."""
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if time.monotonic() > deadline:
                self.stop()
                raise SystemExit(f"RabbitMQ did not start; see {self._folder / 'node.log'}")
            time.sleep(0.1)

    def make_users(self, names: list[str]) -> None:
        """Create a broker user per process. RabbitMQ checks ``user_id``, so no process can publish as another."""
        for name in names:
            self._request("PUT", f"/users/{name}", {"password": self._secret(name), "tags": ""})
        self._request("POST", "/definitions", rights(names))

    def make_listener(self, department: str, types: Sequence[str]) -> None:
        """Create a broker user for a department that listens to events of these `types`, and its queue."""
        self._request("PUT", f"/users/{department}", {"password": self._secret(department), "tags": ""})
        self._request("POST", "/definitions", listener_rights(department, types))

    def stop(self) -> None:
        """Stop the node and the port mapper it started; returns when both are gone."""
        node = self._node()
        if node is not None:
            # ending cleanly takes it five seconds and more; a node for tests is killed
            running.send_signal([node], signal.SIGKILL if self._place.is_test else signal.SIGTERM)
            running.await_end([node], seconds=STOP_SECONDS)
        # the port mapper, and any other process that is left
        running.end(running.members(self._mark), seconds=5)

    def _take_ports(self) -> None:
        for name in PORTS:
            self._notes.free_port(name)

    def _port(self, name: str) -> int:
        return self._notes.port(name)

    def _node(self) -> int | None:
        return node_pid(self._folder)

    def _is_ready(self) -> bool:
        if not answers(self._port("amqp")):
            return False
        try:
            self._request("GET", f"/vhosts/{VHOST}")
        except OSError:
            return False
        return True

    def _secret(self, user: str) -> str:
        return self._notes.secret(f"amqp.{user}")

    def environment(self) -> dict[str, str]:
        """What the node, and the programs that speak to it, find in their environment."""
        folder = str(self._folder)
        return {
            running.MARK: self._mark,
            **running.inherited(),
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": f"{folder}/home",
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._port("epmd")),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_DIST_PORT": str(self._port("distribution")),
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_PID_FILE": f"{folder}/node.pid",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/environment",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            # an idle node must not busy-wait on cores it shares
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none +S 2:2"
            " -kernel inet_dist_use_interface {127,0,0,1}",
        }

    def for_commands(self) -> dict[str, str]:
        """What ``rabbitmqctl`` needs to reach the node."""
        names = ("ERL_EPMD_PORT", "RABBITMQ_NODENAME", "RABBITMQ_CONF_ENV_FILE")
        cookie = (self._folder / "home" / ".erlang.cookie").read_text()
        return {name: self.environment()[name] for name in names} | {"RABBITMQ_ERLANG_COOKIE": cookie}

    def _configuration(self) -> str:
        lines = [
            f"listeners.tcp.local = 127.0.0.1:{self._port('amqp')}",
            "management.tcp.ip = 127.0.0.1",
            f"management.tcp.port = {self._port('management')}",
            f"default_user = {OPS}",
            f"default_pass = {self._secret(OPS)}",
            f"default_vhost = {VHOST}",
            "loopback_users = none",
            f"disk_free_limit.absolute = {DISK_FREE_LIMIT_MB}MB",
            "management_agent.disable_metrics_collector = true",
        ]
        return "\n".join(lines) + "\n"

    def _request(self, method: str, path: str, body: Any = None) -> None:
        """Send a request to the management API; raises OSError when it fails."""
        login = base64.b64encode(f"{OPS}:{self._secret(OPS)}".encode()).decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port('management')}/api{path}",
            json.dumps(body).encode() if body is not None else None,
            {"Authorization": f"Basic {login}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()


def node_pid(folder: Path) -> int | None:
    """The process of the node in `folder`, once the Erlang VM runs; None where it does not run."""
    return next(iter(running.commanded(f"-home {folder}/home ")), None)
