"""Real processes of talent and notify on a vhost of the test's own, and people who can be reached."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path
from uuid import UUID

from chassis.broker import topology
from chassis.rpc.calls import CallContext
from chassis.rpc.client import RpcClient
from deploy.local import demo_keys
from deploy.local.throwaway import eventually, free_port
from examples.rosters import id_number as id_number_of

_numbers = itertools.count(1)


class Processes:
    """Service processes by name, ended with the test."""

    def __init__(self, folder: Path, amqp_uri: str, broker_user: str, databases: dict[str, str]) -> None:
        self.folder, self.amqp_uri = folder, amqp_uri
        demo_keys.make(folder / "keys")
        self.environment = {
            **os.environ,
            "PYTHONWARNINGS": "ignore",
            "YOUTHCITY_ENV": "dev",
            "KEY_DIR": str(folder / "keys"),
            "AMQP_URI": amqp_uri,
            "GATEWAY_BROKER_USER": broker_user,
            **{f"{name.upper()}_BROKER_USER": broker_user for name in topology.services()},
            **{f"{name.upper()}_DATABASE_URL": url for name, url in databases.items()},
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self, service: str, *, name: str | None = None, lanes: str = "rpc,events,relay,timers", **env: str
    ) -> None:
        port = free_port()
        command = [sys.executable, "-m", f"services.{service}", "--lanes", lanes]
        own = {**self.environment, f"{service.upper()}_HEALTH_PORT": str(port), **env}
        with open(self.folder / f"{name or service}.log", "ab") as log:
            process = subprocess.Popen(command, env=own, stdout=log, stderr=log)
        self.running[name or service] = process
        eventually(lambda: _is_ready(port), what=f"{service} ready")

    def stop(self, name: str) -> None:
        process = self.running.pop(name)
        process.terminate()
        process.wait(40)

    def kill(self, name: str) -> None:
        """kill -9."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def close(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


class Talent:
    """A running talent with people in it."""

    def __init__(self, processes: Processes) -> None:
        self.processes = processes
        self.client = RpcClient(processes.amqp_uri, name="test")
        self.start()

    def start(self) -> None:
        self.processes.start("talent", lanes="rpc")

    def stop(self) -> None:
        self.processes.stop("talent")

    def person(self, email: str | None, *, name: str = "欧阳小小") -> UUID:
        """A newly registered person with this address; returns the id."""
        born = dt.date(2003, 1, 1) + dt.timedelta(days=next(_numbers))
        about = {
            "name": name,
            "id_type": "resident_id",
            "id_number": id_number_of(born, next(_numbers)),
            "email": email,
        }
        context = CallContext("tester", "education", "request-1", idempotency_key=str(uuid.uuid4()))
        made = self.client.call("talent", "register_person", about, context=context, timeout=10)
        return UUID(made["id"])


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=3) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
