"""The one-command stack, as a newcomer meets it: up, the line to try, up again, down; in a checkout of the test's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection

from deploy.local import running
from deploy.local.clients import CLIENTS
from examples.client import client_of
from examples.listening import queue_of
from tests.architecture import source

REPLACED = ("DATABASE_URL", "AMQP_URI", "GATEWAY_PORT")


class Checkout:
    """A copy of the repository, commanded as make does it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for path in source.files():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source.ROOT / path, root / path)
        self.environment = {name: value for name, value in os.environ.items() if name not in REPLACED}
        self.environment["PROCESSES_TALENT"] = "2"

    def make(self, *command: str) -> str:
        """What ``make <command>`` prints once everything is set up."""
        done = subprocess.run(
            [sys.executable, "-m", "deploy.local", *command],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def command_line(self, *arguments: str) -> list[dict[str, Any]]:
        """What a command prints for scripts; it finds the platform by itself."""
        command = [sys.executable, "-m", "cli", *arguments, "--json"]
        done = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def state(self, name: str) -> Any:
        return json.loads((self.root / ".state" / name).read_text())

    def readable_by_others(self) -> list[str]:
        """What holds a secret, and more than its owner may read."""
        state = self.root / ".state"
        keys = list((state / "data" / "keys").iterdir())
        assert len(keys) > 5
        secret = [*keys, *state.glob("*.json"), state / "supervisord.conf", state / "data" / "notes.json"]
        return [str(path) for path in secret if path.stat().st_mode & 0o077]

    def pids(self) -> list[int]:
        marks = [f"{self.root}/.state:{what}" for what in ("rabbitmq", "processes")]
        marked = {pid for mark in marks for pid in running.members(mark)}
        return sorted(marked | set(running.commanded(f"{self.root}/.state")))


@pytest.fixture
def checkout() -> Iterator[Checkout]:
    with tempfile.TemporaryDirectory(prefix="youth-city-") as name:
        Path(name).chmod(0o755)
        made = Checkout(Path(name))
        try:
            yield made
        finally:
            made.make("down")


class TestStack:
    @pytest.mark.timeout(400)
    def test_comes_up_says_how_to_go_on_and_leaves_nothing(self, checkout: Checkout) -> None:
        printed = checkout.make("up")
        described = checkout.state("platform.json")
        assert described["gateway_url"] in printed
        assert described["clients"]["demo"]["scopes"] == sorted(CLIENTS["demo"].scopes)
        assert client_of(described, "culture").get("/v1/redemptions")["items"] == []
        with Connection(described["listeners"]["education"]) as listener:
            queue_of("education.inbox", ("talent.affiliation.ended.v1",))(listener.default_channel).declare()
        assert set(checkout.state("processes.json")) == {
            *("events-1", "notify-1", "perks-1", "talent-1", "talent-2", "gateway")
        }
        for url in checkout.state("processes.json").values():
            assert urllib.request.urlopen(url, timeout=10).status == 200
        _try(printed)
        doctors = json.loads(checkout.make("doctor", "--json"))
        assert (doctors["healthy"], doctors["findings"], doctors["not_looked_at"]) == (True, [], [])
        assert checkout.readable_by_others() == []
        assert {one["whose"] for one in checkout.command_line("queues")} == {"platform", "foreign"}
        assert all(one["unacknowledged"] is not None for one in checkout.command_line("queues"))
        assert checkout.command_line("imports", "list") == checkout.command_line("dead", "list") == []

        assert checkout.make("up") == printed  # it runs already
        assert checkout.state("platform.json") == described

        assert len(checkout.pids()) > 10
        checkout.make("down")
        assert checkout.pids() == []


def _try(printed: str) -> None:
    """Do what the welcome says: type its one line."""
    line = re.search(r"^ +(curl .+)$", printed, re.MULTILINE)
    assert line is not None
    if shutil.which("curl"):
        answer = subprocess.run(["bash", "-c", line[1]], capture_output=True, text=True, check=True, timeout=30)
        assert {"key": "scenic.areas", "value": 0}.items() <= json.loads(answer.stdout)["items"][0].items()
