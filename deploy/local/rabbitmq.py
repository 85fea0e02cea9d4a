"""A private RabbitMQ node: its own name, home, cookie and ports (AMQP, management, distribution, epmd), loopback only.

Each process of the platform logs in as its own broker user, so that the broker can vouch for the sender of a message.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from deploy.local.bootstrap import find_program, say
from deploy.local.place import Notes, Place, answers, as_server_user, own, server_user

OPS = "ops"
VHOST = "youthcity"
START_SECONDS = 90


class RabbitMQ:
    """The node of one stack."""

    def __init__(self, place: Place, notes: Notes) -> None:
        self._place, self._notes = place, notes
        self._folder = place.data / "rabbitmq"
        self._pid_file = self._folder / "node.pid"
        server = find_program("rabbitmq-server")
        assert server is not None, "bootstrap installs it"
        self._server = server

    def uri(self, user: str = OPS, vhost: str = VHOST) -> str:
        """The broker, for `user`."""
        port = self._notes.port("amqp", is_free=False)
        return f"amqp://{user}:{self._notes.secret(f'amqp.{user}')}@127.0.0.1:{port}/{vhost}"

    @property
    def api(self) -> str:
        """The management API, with the ops user's login."""
        port = self._notes.port("management", is_free=False)
        return f"http://{OPS}:{self._notes.secret(f'amqp.{OPS}')}@127.0.0.1:{port}"

    def start(self) -> None:
        """Start the node if it does not run; returns when it takes connections and API requests."""
        if self.is_running():
            return
        self.stop()  # what a broken start may have left
        say("starting RabbitMQ")
        for name in ("amqp", "management", "distribution", "epmd"):
            self._notes.port(name)
        for folder in (self._folder, self._folder / "home"):
            own(folder)
        self._write_configuration()
        with open(self._folder / "node.log", "ab") as log:
            subprocess.Popen(
                [str(self._server)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self._environment(),
                start_new_session=True,
                **as_server_user(),
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if time.monotonic() > deadline:
                self.stop()
                raise SystemExit(f"RabbitMQ did not start; see {self._folder / 'node.log'}")
            time.sleep(0.3)

    def _environment(self) -> dict[str, str]:
        folder = str(self._folder)
        return {
            "PATH": f"{self._server.parent}:{os.environ['PATH']}:/usr/sbin:/sbin",
            "HOME": f"{folder}/home",
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._notes.port("epmd", is_free=False)),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"youthcity-{self._place.tag}@localhost",
            "RABBITMQ_DIST_PORT": str(self._notes.port("distribution", is_free=False)),
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_PID_FILE": str(self._pid_file),
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/environment",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            # a quiet node must not spin on the two cores it shares
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none +S 2:2"
            " -kernel inet_dist_use_interface {127,0,0,1}",
        }

    def _write_configuration(self) -> None:
        lines = [
            f"listeners.tcp.local = 127.0.0.1:{self._notes.port('amqp', is_free=False)}",
            "management.tcp.ip = 127.0.0.1",
            f"management.tcp.port = {self._notes.port('management', is_free=False)}",
            f"default_user = {OPS}",
            f"default_pass = {self._notes.secret(f'amqp.{OPS}')}",
            f"default_vhost = {VHOST}",
            "loopback_users = none",
            "disk_free_limit.absolute = 100MB",
            "management_agent.disable_metrics_collector = true",
        ]
        files = {"rabbitmq.conf": "\n".join(lines) + "\n", "plugins": "[rabbitmq_management].\n", "environment": ""}
        for name, content in files.items():
            path = self._folder / name
            path.touch(mode=0o600)
            path.write_text(content)
            if (user := server_user()) is not None:
                os.chown(path, user.pw_uid, user.pw_gid)

    def _pid(self) -> int | None:
        try:
            pid = int(self._pid_file.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if str(self._folder / "home").encode() in command else None

    def is_running(self) -> bool:
        """Whether this stack's own node runs and takes connections."""
        return self._pid() is not None and self._is_ready()

    def _is_ready(self) -> bool:
        if not answers(self._notes.port("amqp", is_free=False)):
            return False
        try:
            self.ask("GET", f"/vhosts/{VHOST}")
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """Stop the node and the port mapper it started."""
        pid = self._pid()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            # the node removes its pid file long before it ends, and the port mapper refuses to go before it
            deadline = time.monotonic() + 30
            while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
                time.sleep(0.1)
            if Path(f"/proc/{pid}").exists():
                os.kill(pid, signal.SIGKILL)
        epmd = find_program("epmd")
        if epmd is not None and self._folder.exists():
            subprocess.run([str(epmd), "-kill"], env=self._environment(), capture_output=True, check=False)

    def make_users(self, names: list[str]) -> None:
        """A broker user per process. Nobody may speak in another's name: RabbitMQ checks ``user_id``."""
        for name in names:
            body = {"password": self._notes.secret(f"amqp.{name}"), "tags": ""}
            self.ask("PUT", f"/users/{name}", body)
            self.ask("PUT", f"/permissions/{VHOST}/{name}", permissions(name))

    def ask(self, method: str, path: str, body: Any = None) -> None:
        """One request to the management API; raises OSError when it fails."""
        port = self._notes.port("management", is_free=False)
        login = base64.b64encode(f"{OPS}:{self._notes.secret(f'amqp.{OPS}')}".encode()).decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api{path}",
            json.dumps(body).encode() if body is not None else None,
            {"Authorization": f"Basic {login}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()


def permissions(user: str) -> dict[str, str]:
    """What a process may touch: the gateway asks; a service answers, and owns what bears its name."""
    if user == OPS:
        return {"configure": ".*", "write": ".*", "read": ".*"}
    if user == "gateway":
        return {"configure": "^nameko-rpc$", "write": "^nameko-rpc$", "read": "^(rpc-.*|amq\\.rabbitmq\\.reply-to.*)$"}
    own_things = rf"{user}\..*|rpc-{user}|nameko-rpc"
    return {
        "configure": rf"^({own_things}|[a-z]+\.events)$",
        "write": rf"^({own_things}|amq\.default|amq\.rabbitmq\.reply-to.*)$",
        "read": rf"^({own_things}|[a-z]+\.events)$",
    }
