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
from tests.support import checkouts
from tests.support.waiting import until

STEP = re.compile(r"== +\d+\.\d s  .+")
REPLACED = ("DATABASE_URL", "AMQP_URI", "GATEWAY_PORT")


class Checkout:
    """A copy of the repository, commanded as make does it."""

    def __init__(self, root: Path) -> None:
        self.root, self.copy = root, checkouts.Checkout(root)
        self.environment = {name: value for name, value in os.environ.items() if name not in REPLACED}
        self.environment |= {"PROCESSES_TALENT": "2", "YOUTHCITY_START_SECONDS": "200"}

    def begin(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Type ``make <command>``, once everything is set up."""
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.local", *command],
            cwd=self.root,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def make(self, *command: str, status: int = 0, **environment: str) -> str:
        """What ``make <command>`` prints; its progress is in `progress`."""
        process = self.begin(*command, **environment)
        printed, self.progress = process.communicate(timeout=290)
        assert process.returncode == status, printed + self.progress
        return printed

    def command_line(self, *arguments: str) -> list[dict[str, Any]]:
        """What a command prints for scripts; it finds the platform by itself."""
        command = [sys.executable, "-m", "cli", *arguments, "--json"]
        done = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def state(self, name: str) -> Any:
        return json.loads((self.root / ".state" / name).read_text())

    def notes(self) -> Any:
        return self.state("data/notes.json")

    def readable_by_others(self) -> list[str]:
        """What holds a secret, and more than its owner may read."""
        state = self.root / ".state"
        keys = list((state / "data" / "keys").iterdir())
        assert len(keys) > 5
        secret = [*keys, *state.glob("*.json"), state / "supervisord.conf", state / "data" / "notes.json"]
        return [str(path) for path in secret if path.stat().st_mode & 0o077]

    def processes(self) -> list[int]:
        """The services and the gateway, and their supervisors, by process id."""
        marks = ("processes", *(f"processes:perks-{number}" for number in range(2, 9)), "processes:talent-2")
        return sorted(pid for mark in marks for pid in running.members(f"{self.root}/.state:{mark}"))

    def consumers(self, queue: str) -> int:
        """How many processes read a queue."""
        return next(int(one["consumers"]) for one in self.command_line("queues") if one["name"] == queue)

    def pids(self) -> list[int]:
        marked = set(running.members(f"{self.root}/.state:rabbitmq"))
        return sorted(marked | set(self.processes()) | set(running.commanded(f"{self.root}/.state")))


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    with tempfile.TemporaryDirectory(prefix="youth-city-") as name:
        Path(name).chmod(0o755)
        made = Checkout(Path(name))
        try:
            yield made
        finally:
            made.make("down")


class TestStack:
    @pytest.mark.timeout(900)
    def test_comes_up_says_how_to_go_on_and_leaves_nothing(self, checkout: Checkout) -> None:
        printed = checkout.make("up")
        steps = checkout.progress.splitlines()
        assert len(steps) > 10
        assert [line for line in steps if not STEP.fullmatch(line)] == []
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

    @pytest.mark.timeout(900)
    def test_comes_up_after_a_start_that_was_killed_or_failed(self, checkout: Checkout) -> None:
        checkout.make("up", status=1, YOUTHCITY_START_SECONDS="12", TALENT_LAPSE_CHECK_SECONDS="soon")
        assert re.search(r"talent-1\b.* did not become ready in 12 s\. The log .+ ends:", checkout.progress)
        assert "`make doctor`" in checkout.progress
        assert checkout.processes() == []

        killed = checkout.begin("up")
        assert killed.stderr is not None
        assert any("starting 5 processes" in line for line in killed.stderr)
        until(lambda: len(checkout.processes()) > 3, seconds=30)
        killed.kill()
        killed.communicate()
        (checkout.root / ".state" / "platform.json").unlink(missing_ok=True)

        own = (
            f"amqp://ops@127.0.0.1:{checkout.notes()['port.amqp']}/"  # as in a shell that `cli environment` made ready
        )
        checkout.make("up", PROCESSES_TALENT="1", AMQP_URI=own)
        assert checkout.command_line("imports", "list") == []
        assert "//talent:" in checkout.state("platform.json")["environment"]["TALENT_AMQP_URI"]

    @pytest.mark.timeout(900)
    def test_gets_more_processes_of_a_service_and_fewer_while_it_runs(self, checkout: Checkout) -> None:
        """Goes on with the platform of the test before."""
        before = checkout.processes()
        assert checkout.make("scale", "perks=3") == "events=1 notify=1 perks=3 talent=1\n"
        assert checkout.consumers("rpc-perks") == 3
        assert set(before) <= set(checkout.processes())
        names = {"events-1", "notify-1", "perks-1", "perks-2", "perks-3", "talent-1", "gateway"}
        assert set(checkout.state("processes.json")) == names
        assert json.loads(checkout.make("doctor", "--json"))["findings"] == []
        assert checkout.make("up", PROCESSES_TALENT="1")  # all of them are waited for

        one, three = (f"events=1 notify=1 perks={count} talent=1" for count in (1, 3))
        assert checkout.copy.types("docs/operating.md", "scale", seconds=400).splitlines() == [three, one, one]
        until(lambda: checkout.consumers("rpc-perks") == 1, seconds=30)
        assert checkout.processes() == before
        assert "make scale perks=3" in refused(checkout, "scale", "parks=3")
        assert "enough for 11 processes" in refused(checkout, "scale", "perks=8", "talent=8")

        checkout.make("scale", "perks=2")
        checkout.make("down")
        assert checkout.pids() == []
        assert "does not run" in refused(checkout, "scale", "perks=2")

    def test_ends_by_their_ids_what_killed_tests_have_left(self, checkout: Checkout) -> None:
        tests = {**os.environ, running.TESTS: f"{checkout.root}/.state/test"}
        left = subprocess.Popen(["sleep", "1000"], env=tests)
        found = {one["code"]: one for one in json.loads(checkout.make("doctor", "--json", status=1))["findings"]}
        assert (found["tests_left"]["about"], found["tests_left"]["type"]) == (str(left.pid), "make down")
        checkout.make("down")
        assert f"ending process {left.pid}, left by a test: sleep 1000" in checkout.progress
        assert left.wait(5) != 0
        assert "tests_left" not in checkout.make("doctor", "--json", status=1)


def refused(checkout: Checkout, *command: str) -> str:
    """What a command that is refused says."""
    checkout.make(*command, status=1)
    return checkout.progress


def _try(printed: str) -> None:
    """Do what the welcome says: type its one line."""
    line = re.search(r"^ +(curl .+)$", printed, re.MULTILINE)
    assert line is not None
    if shutil.which("curl"):
        answer = subprocess.run(["bash", "-c", line[1]], capture_output=True, text=True, check=True, timeout=30)
        assert json.loads(answer.stdout) == {"items": []}, "no city's pack, so no figure yet"
