"""The doctor on a checkout of the test's own: its servers killed and frozen, ports taken, programs gone, disk small."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.broker import topology
from chassis.broker.wire import Wire
from chassis.store import migrations
from deploy.local import database_roles, demo_keys, environment, packages, running
from deploy.local.broker_users import GATEWAY
from deploy.local.notes import Notes, answers, port_is_free
from deploy.local.place import existing_place, place
from deploy.local.postgres import Postgres
from deploy.local.processes import Process, services, write_private
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.supervising import Supervisor
from deploy.local.throwaway import eventually
from doctor.examination import CHECK_SECONDS, examine
from doctor.remarks import Finding, Remark, Skipped
from doctor.site import PROBE_SECONDS

#: Stands for the gateway: the supervisor, its environment and its port are real.
_ANSWERER = """
import http.server, os, sys
host, port = os.environ["GATEWAY_BIND"].split(":")
http.server.HTTPServer((host, int(port)), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


class Checkout:
    """Private servers with everything in them, and a supervisor with one process."""

    def __init__(self, root: Path) -> None:
        self.place = place(root=root)
        self.notes = Notes(self.place.data / "notes.json")
        self.postgres, self.rabbitmq = Postgres(self.place, self.notes), RabbitMQ(self.place, self.notes)
        self.supervisor = Supervisor(self.place)
        self.site = root / "site"
        self.site.mkdir()
        (self.site / "readyz").touch()

    def start_servers(self) -> None:
        self.rabbitmq.begin()
        self.postgres.start()
        self.rabbitmq.await_ready()

    def prepare(self) -> None:
        demo_keys.make(self.place.data / "keys")
        self.notes.port(GATEWAY)
        self.rabbitmq.make_users([*services(), GATEWAY])
        database_roles.make_all(self.postgres.url, self.notes, (*services(), GATEWAY))
        owners = environment.migrating(self.postgres.url)
        for name in (*services(), GATEWAY):
            running = database_roles.running_role(name)
            migrations.upgrade(owners[f"{name.upper()}_MIGRATION_DATABASE_URL"], name, running=running)
        wire = Wire(self.rabbitmq.uri(), name="test", heartbeat=0)
        topology.declare_all(wire.connection.channel(), delays=[5.0, 60.0, 600.0])
        wire.close()

    def environment(self) -> dict[str, str]:
        found = environment.of_next_start(self.place.data, Notes(self.place.data / "notes.json"), {})
        assert found is not None
        return found

    @property
    def gateway_port(self) -> int:
        return self.notes.port(GATEWAY)

    def start_processes(self) -> None:
        url = f"http://127.0.0.1:{self.gateway_port}/readyz"
        (self.site / "answerer.py").write_text(_ANSWERER)
        words = f"cd {self.site} && exec {sys.executable} {self.site}/answerer.py"
        process = Process(GATEWAY, ["sh", "-c", words], {}, url)
        write_private(self.place.state / "processes.json", {GATEWAY: url})
        self.supervisor.start([process], environment=self.environment(), foreground=False)

    def examine(self, **given: str) -> list[Remark]:
        path = {"PATH": os.environ["PATH"]}
        return examine(existing_place(root=self.place.state.parent), {**path, **given})

    def findings(self, **given: str) -> list[Finding]:
        return [one for one in self.examine(**given) if isinstance(one, Finding)]

    def stop(self) -> None:
        self.supervisor.stop()
        running.send_signal(
            running.commanded(f"-home {self.place.data}/rabbitmq/home "), signal.SIGKILL
        )  # nothing to keep
        self.rabbitmq.stop()
        self.postgres.stop()


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    with tempfile.TemporaryDirectory(prefix="youth-city-") as name:
        Path(name).chmod(0o755)
        made = Checkout(Path(name))
        try:
            made.start_servers()
            made.prepare()
            made.start_processes()
            eventually(lambda: answers(made.gateway_port), what="the process answers")
            yield made
        finally:
            made.stop()


def codes(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.code, one.command) for one in found]


def not_looked_at(remarks: list[Remark]) -> dict[str, str]:
    return {one.subject.en: one.because.en for one in remarks if isinstance(one, Skipped)}


class TestServers:
    def test_that_run_give_no_finding(self, checkout: Checkout) -> None:
        remarks = checkout.examine()
        assert [one for one in remarks if isinstance(one, Finding)] == []
        assert not_looked_at(remarks) == {}

    def test_a_killed_broker_is_the_one_finding_and_what_it_holds_is_not_looked_at(self, checkout: Checkout) -> None:
        (node,) = running.commanded(f"-home {checkout.place.data}/rabbitmq/home ")
        os.kill(node, signal.SIGKILL)
        running.await_end([node], seconds=10)
        try:
            remarks = checkout.examine()
            findings = [one for one in remarks if isinstance(one, Finding)]
            assert codes(findings) == [("broker_down", "make up")]
            assert str(checkout.notes.port("amqp")) in findings[0].wrong.en
            assert not_looked_at(remarks)["queues"] == "the broker is away"
        finally:
            checkout.start_servers()

    def test_a_killed_database_server_is_the_one_finding(self, checkout: Checkout) -> None:
        checkout.postgres.stop()
        try:
            remarks = checkout.examine()
            findings = [one for one in remarks if isinstance(one, Finding)]
            assert codes(findings) == [("database_down", "make up")]
            assert set(not_looked_at(remarks)) == {"migrations", "database roles", "keys", "dead letters"}
        finally:
            checkout.postgres.start()

    @pytest.mark.parametrize("server", ["broker", "database"])
    def test_a_frozen_server_does_not_hold_up_the_checks(self, checkout: Checkout, server: str) -> None:
        pids = {
            "broker": running.commanded(f"-home {checkout.place.data}/rabbitmq/home "),
            "database": running.commanded(f"-D {checkout.place.data}/postgres"),
        }[server]
        running.send_signal(pids, signal.SIGSTOP)
        began = time.monotonic()
        try:
            assert codes(checkout.findings()) == [(f"{server}_down", "make down && make up")]
        finally:
            running.send_signal(pids, signal.SIGCONT)
        assert time.monotonic() - began < CHECK_SECONDS + 2 * PROBE_SECONDS

    def test_a_changed_password_is_named_with_its_user(self, checkout: Checkout) -> None:
        checkout.rabbitmq._request("PUT", "/users/perks", {"password": "another", "tags": ""})
        try:
            (found,) = checkout.findings()
            assert (found.code, found.about, found.command) == ("broker_refuses", "perks", "make down && make up")
        finally:
            checkout.rabbitmq.make_users(["perks"])  # as `make up` does
        assert checkout.findings() == []


class TestProcesses:
    def test_one_that_is_not_ready_is_named_with_its_log(self, checkout: Checkout) -> None:
        (checkout.site / "readyz").unlink()
        try:
            (found,) = checkout.findings()
        finally:
            (checkout.site / "readyz").touch()
        assert (found.code, found.about) == ("process_not_ready", GATEWAY)
        assert subprocess.run(found.command, shell=True, check=True, capture_output=True).stdout != b""

    def test_a_port_taken_from_one_is_named_with_the_stranger_and_explains_the_rest(self, checkout: Checkout) -> None:
        supervisors = running.commanded(f"supervisord -c {checkout.place.state}/")
        # so that it does not start the process again before the stranger is there
        running.send_signal(supervisors, signal.SIGSTOP)
        try:
            running.end(running.commanded(f"{checkout.site}/answerer.py"), seconds=5)
            # a process that ends has no command line any more a moment before it lets go of its sockets
            eventually(lambda: port_is_free(checkout.gateway_port), what="its port is free")
            stranger = Stranger(checkout.gateway_port)
        finally:
            running.send_signal(supervisors, signal.SIGCONT)
        with stranger:
            remarks = checkout.examine()
        eventually(lambda: answers(checkout.gateway_port), what="the process answers")
        (found,) = (one for one in remarks if isinstance(one, Finding))
        assert (found.code, found.about) == ("port_taken", str(checkout.gateway_port))
        assert f"pid {os.getpid()} " in found.wrong.en
        assert found.command == "make down && make up"

    def test_without_a_supervisor_are_reported_once(self, checkout: Checkout) -> None:
        checkout.supervisor.stop()
        try:
            found = checkout.findings()
        finally:
            checkout.start_processes()
            eventually(lambda: answers(checkout.gateway_port), what="the process answers")
        assert codes(found) == [("platform_stopped", "make up")]


class TestTheMachine:
    def test_without_a_program_names_it_and_how_to_install_it(
        self, checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        programs = tmp_path / "bin"
        programs.mkdir()
        for name in ("erl", "initdb", "pg_ctl", "postgres", "apt-get"):
            (programs / name).symlink_to(packages.find_program(name) or sys.executable)
        monkeypatch.setattr(packages, "RABBITMQ_FOLDER", tmp_path)
        monkeypatch.setattr(packages, "POSTGRESQL_FOLDER", tmp_path)
        monkeypatch.setattr(packages, "SYSTEM_FOLDER", tmp_path)
        monkeypatch.setenv("PATH", str(programs))
        (found,) = checkout.findings()
        assert (found.code, found.about) == ("program_missing", "rabbitmq-server")
        assert found.command.endswith("python3 -B -m deploy.local.packages rabbitmq-server")

    def test_with_little_disk_shows_how_little_and_how_to_find_what_is_big(self, checkout: Checkout) -> None:
        whole = shutil.disk_usage(checkout.place.data).total / 2**30
        remarks = examine(checkout.place, {}, disk_free_gib=whole)
        (found,) = (one for one in remarks if isinstance(one, Finding))
        assert (found.code, found.about) == ("disk_nearly_full", str(checkout.place.data))
        assert f"at least {whole:g} wanted" in found.wrong.en
        assert found.command.startswith("du -xh ")


class TestACheckout:
    def test_where_nothing_was_ever_started_needs_nothing_and_stays_as_it_was(self, tmp_path: Path) -> None:
        found = [one for one in examine(existing_place(root=tmp_path), {}) if isinstance(one, Finding)]
        assert codes(found) == [("platform_stopped", "make up")]
        assert list(tmp_path.iterdir()) == []

    def test_that_is_stopped_names_the_port_somebody_took_meanwhile(self, tmp_path: Path) -> None:
        (tmp_path / ".state" / "data").mkdir(parents=True)
        notes = Notes(tmp_path / ".state" / "data" / "notes.json")
        for name in ("postgres", "amqp", GATEWAY):
            notes.port(name)
        with Stranger(notes.port("amqp")):
            found = [one for one in examine(existing_place(root=tmp_path), {}) if isinstance(one, Finding)]
        assert [(one.code, one.about) for one in found] == [
            ("port_taken", str(notes.port("amqp"))),
            ("platform_stopped", str(tmp_path / ".state")),
        ]

    def test_with_servers_of_others_that_are_down_names_both_and_where(self, tmp_path: Path) -> None:
        given = {"DATABASE_URL": "postgresql://city@127.0.0.1:1/postgres", "AMQP_URI": "amqp://city:x@127.0.0.1:1/"}
        found = [one for one in examine(existing_place(root=tmp_path), given) if isinstance(one, Finding)]
        assert codes(found) == [
            ("platform_stopped", "make up"),
            ("database_down", "sudo systemctl start postgresql"),
            ("broker_down", "sudo systemctl start rabbitmq-server"),
        ]
        assert {one.about for one in found[1:]} == {"127.0.0.1:1"}

    def test_before_its_packages_are_installed_says_so_to_any_python(self) -> None:
        code = "import sys; from doctor import examination; sys.exit(examination.main(['--json']))"
        done = subprocess.run([sys.executable, "-S", "-B", "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        (found,) = json.loads(done.stdout)["findings"]
        assert (found["code"], found["type"]) == ("program_missing", "make -B .state/ready")


class Stranger(socket.socket):
    """A program that is not ours and listens on a port."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.bind(("127.0.0.1", port))
        self.listen()
