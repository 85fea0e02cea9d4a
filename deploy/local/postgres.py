"""A private PostgreSQL cluster: created by the first start, on a port of its own, TCP on loopback only."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from deploy.local import running
from deploy.local.notes import Notes, answers
from deploy.local.packages import find_program, say
from deploy.local.place import Place

USER = "youthcity"
MAX_CONNECTIONS = 400
#: A cluster for tests may lose its data in a power cut.
TEST_OPTIONS = ("fsync=off", "full_page_writes=off")


class Postgres:
    """The cluster of one stack."""

    def __init__(self, place: Place, notes: Notes) -> None:
        self._place, self._notes = place, notes
        self._folder = place.data / "postgres"
        self._run_folder = place.data / "run"

    @property
    def port(self) -> int:
        return self._notes.port("postgres")

    @property
    def url(self) -> str:
        """The server, for its owner."""
        return f"postgresql://{USER}:{self._notes.secret('postgres')}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Make the cluster if there is none, start it if it does not run; returns when it answers."""
        if self.is_running():
            return
        self._place.folder(self._run_folder)
        if not (self._folder / "PG_VERSION").exists():
            self._create()
        say("starting PostgreSQL")
        port = self._notes.free_port("postgres")
        options = [
            "listen_addresses=127.0.0.1",
            f"port={port}",
            "unix_socket_directories=",
            f"max_connections={MAX_CONNECTIONS}",
        ]
        options += ["shared_buffers=256MB", *(TEST_OPTIONS if self._place.is_test else ())]
        flags = " ".join(f"-c {option}" for option in options)
        log = self._folder / "server.log"
        status = self._run("pg_ctl", "start", "-w", "-t", "60", "-D", str(self._folder), "-l", str(log), "-o", flags)
        if status:
            raise SystemExit(f"PostgreSQL did not start; see {log}")

    def _create(self) -> None:
        say("creating the PostgreSQL cluster")
        # beside its place: an initdb that is killed leaves files that look like a cluster and are none
        made = self._folder.with_name("postgres.new")
        shutil.rmtree(made, ignore_errors=True)
        self._place.folder(made)
        password = self._place.file(self._run_folder / "password", self._notes.secret("postgres"))
        try:
            status = self._run(
                "initdb", "-D", str(made), "-U", USER, "-A", "scram-sha-256", "-E", "UTF8",
                "--locale=C.UTF-8", f"--pwfile={password}",
            )  # fmt: skip
        finally:
            password.unlink()
        if status:
            raise SystemExit("The PostgreSQL cluster cannot be made; see above.")
        made.replace(self._folder)

    def is_running(self) -> bool:
        """Whether this cluster's own server runs and answers."""
        return server_pid(self._folder) is not None and answers(self.port)

    def stop(self) -> None:
        """Stop the server: fast, and immediately where that takes too long."""
        pid = server_pid(self._folder)
        if pid is None:
            return
        self._run("pg_ctl", "stop", "-w", "-t", "30", "-m", "fast", "-D", str(self._folder))
        if not running.await_end([pid], seconds=1):
            self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self._folder))

    def _run(self, program: str, *arguments: str) -> int:
        server = find_program("postgres")
        assert server is not None, "packages.ensure() comes first"
        return subprocess.run(
            [str(Path(server).parent / program), *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=self._run_folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC", **running.inherited()},
            **self._place.as_server(),
        ).returncode


def server_pid(folder: Path) -> int | None:
    """The process of the server of the cluster in `folder`; None where it does not run."""
    try:
        pid = int((folder / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if str(folder) in running.command_of(pid) else None
