"""Setting up a machine: ports and passwords, whose data it is, what is installed and how."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import bootstrap, packages, running
from deploy.local.notes import Notes, port_is_free
from deploy.local.place import Place, place
from deploy.local.processes import Process, services
from deploy.local.supervising import Supervisor
from tests.architecture import source


class TestNotes:
    def test_a_port_and_a_password_stay_what_they_were(self, tmp_path: Path) -> None:
        first = Notes(tmp_path / "notes.json")
        port, secret = first.port("amqp"), first.secret("ops")
        again = Notes(tmp_path / "notes.json")
        assert (again.port("amqp"), again.free_port("amqp"), again.secret("ops")) == (port, port, secret)
        assert len(secret) == 32
        assert (tmp_path / "notes.json").stat().st_mode & 0o777 == 0o600

    def test_no_two_servers_get_one_port(self, tmp_path: Path) -> None:
        notes = Notes(tmp_path / "notes.json")
        ports = [notes.port(f"server{number}") for number in range(100)]
        assert len(set(ports)) == 100
        assert max(ports) < 32_768  # what the kernel gives to clients begins there

    def test_a_port_a_stranger_took_is_replaced(self, tmp_path: Path) -> None:
        notes = Notes(tmp_path / "notes.json")
        kept = notes.port("amqp")
        with socket.socket() as stranger:
            stranger.bind(("127.0.0.1", kept))
            stranger.listen()
            assert not port_is_free(kept)
            chosen = notes.free_port("amqp")
        assert chosen != kept
        assert Notes(tmp_path / "notes.json").port("amqp") == chosen


class TestPlace:
    @pytest.fixture
    def open_folder(self) -> Iterator[Path]:
        """A folder everybody may enter, as pytest's own are not."""
        with tempfile.TemporaryDirectory(prefix="youth-city-") as name:
            Path(name).chmod(0o755)
            yield Path(name)

    def test_checkouts_have_tags_of_their_own_and_tests_a_place_of_their_own(self, open_folder: Path) -> None:
        one, other = (place(root=open_folder / name) for name in ("one", "other"))
        tests = place(root=open_folder / "one", is_test=True)
        assert len({one.tag, other.tag, tests.tag}) == 3
        assert len({one.data, other.data, tests.data}) == 3

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as somebody else")
    def test_data_lies_elsewhere_where_the_servers_account_cannot_enter(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        found = place(root=home)
        try:
            assert not found.data.is_relative_to(home)
            assert (home / ".state" / "data").resolve() == found.data
            assert place(root=home).data == found.data
            assert found.account is not None
            assert found.account.pw_uid != 0
        finally:
            found.data.rmdir()

    @pytest.mark.skipif(os.geteuid() != 0, reason="root may give files away")
    def test_what_the_servers_read_is_theirs_alone(self, open_folder: Path) -> None:
        found = place(root=open_folder)
        assert found.account is not None
        written = found.file(found.folder(found.data / "x") / "secret", "word").stat()
        assert (written.st_uid, written.st_mode & 0o777) == (found.account.pw_uid, 0o600)


class TestInstalling:
    def test_services_are_forbidden_to_start_while_it_lasts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        policy, clusters = tmp_path / "policy-rc.d", tmp_path / "common" / "createcluster.d" / "own.conf"
        monkeypatch.setattr(packages, "POLICY", policy)
        monkeypatch.setattr(packages, "CLUSTERS", clusters)
        with packages._no_servers():
            assert subprocess.run([str(policy)], check=False).returncode == 101
            assert "create_main_cluster = false" in clusters.read_text()
        assert list(tmp_path.iterdir()) == []

    def test_a_policy_that_was_there_is_there_again_even_after_a_failure(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        policy = tmp_path / "policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 0\n")
        policy.chmod(0o750)
        monkeypatch.setattr(packages, "POLICY", policy)
        monkeypatch.setattr(packages, "CLUSTERS", tmp_path / "own.conf")
        with pytest.raises(SystemExit, match="apt failed"), packages._no_servers():
            sys.exit("apt failed")
        assert policy.read_text() == "#!/bin/sh\nexit 0\n"
        assert policy.stat().st_mode & 0o777 == 0o750
        assert [path.name for path in tmp_path.iterdir()] == ["policy-rc.d"]

    def test_the_programs_of_a_machine_that_is_set_up_are_found(self) -> None:
        step = bootstrap.STEPS["proofs"]
        assert {"postgres", "rabbitmq-server", "curl", "redis-server", "soffice", "nginx"} == step.programs.keys()
        assert packages.missing(step.programs) == []
        assert packages.find_program("pg_ctl") is not None
        assert packages.find_program("no-such-program") is None

    def test_needs_nothing_but_the_standard_library(self) -> None:
        """It runs before anything is installed: -S keeps even what is installed out of sight."""
        code = "import deploy.local.bootstrap, deploy.local.packages"
        subprocess.run([sys.executable, "-S", "-B", "-c", code], cwd=source.ROOT, check=True)


#: A process that says what it found in its environment, and ends.
_BRIEF = """
import json, os, sys, time
with open(sys.argv[1], "a") as out:
    print(json.dumps([os.environ["WORD"], os.environ["NUMBER"]]), file=out)
time.sleep(1.1)
"""


class TestSupervisor:
    @pytest.fixture
    def stack(self, tmp_path: Path) -> Place:
        (tmp_path / "data").mkdir()
        return Place(state=tmp_path, data=tmp_path / "data", is_test=True, account=None)

    def test_starts_again_what_ends_and_ends_everything(self, stack: Place, tmp_path: Path) -> None:
        """A value of the environment keeps its quotes and per cents."""
        word = 'a "quoted" 100% \\ word, and=more'
        (tmp_path / "brief.py").write_text(_BRIEF)
        command = [sys.executable, str(tmp_path / "brief.py"), str(tmp_path / "out")]
        supervisor = Supervisor(stack)
        process = Process("one-1", command, {"NUMBER": "7"}, "")
        supervisor.start([process], environment={"WORD": word}, foreground=False)
        try:
            assert supervisor.is_running()
            lines = _lines(tmp_path / "out", at_least=2)
            assert {tuple(json.loads(line)) for line in lines} == {(word, "7")}
        finally:
            supervisor.stop()
        assert not supervisor.is_running()
        assert running.members(f"{stack.state}:processes") == []

    def test_knows_every_service_of_the_checkout(self) -> None:
        assert services() == source.services()


def _lines(path: Path, *, at_least: int) -> list[str]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = path.read_text().splitlines() if path.exists() else []
        if len(found) >= at_least:
            return found
        time.sleep(0.05)
    pytest.fail(f"{path} did not grow to {at_least} lines")
