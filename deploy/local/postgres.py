"""A private PostgreSQL cluster: made at the first start, on a port of its own, TCP on loopback only."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deploy.local.bootstrap import find_program, say
from deploy.local.place import Notes, Place, answers, as_server_user, own

USER = "youthcity"
#: A cluster of tests may lose everything in a power cut.
TEST_OPTIONS = ("fsync=off", "full_page_writes=off")


class Postgres:
    """The cluster of one stack."""

    def __init__(self, place: Place, notes: Notes) -> None:
        self._place, self._notes = place, notes
        self._folder = place.data / "postgres"
        server = find_program("postgres")
        assert server is not None, "bootstrap installs it"
        self._bin = server.parent

    @property
    def url(self) -> str:
        """The server, for its owner."""
        port = self._notes.port("postgres", is_free=False)
        return f"postgresql://{USER}:{self._notes.secret('postgres')}@127.0.0.1:{port}/postgres"

    def start(self) -> None:
        """Make the cluster if there is none, start it if it does not run; returns when it answers."""
        if self.is_running():
            return
        own(self._folder.parent / "run")
        if not (self._folder / "PG_VERSION").exists():
            self._create()
        say("starting PostgreSQL")
        port = self._notes.port("postgres")
        options = ["listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=", "max_connections=400"]
        options += ["shared_buffers=256MB", *(TEST_OPTIONS if self._place.is_test else ())]
        flags = " ".join(f"-c {option}" for option in options)
        log = self._folder / "server.log"
        self._run("pg_ctl", "start", "-w", "-t", "60", "-D", str(self._folder), "-l", str(log), "-o", flags)

    def _create(self) -> None:
        say("creating the PostgreSQL cluster")
        own(self._folder)
        os.chmod(self._folder, 0o700)
        password = self._folder.parent / "run" / "password"
        password.write_text(self._notes.secret("postgres"))
        os.chmod(password, 0o644)
        try:
            self._run(
                "initdb", "-D", str(self._folder), "-U", USER, "-A", "scram-sha-256", "-E", "UTF8",
                "--locale=C.UTF-8", f"--pwfile={password}",
            )  # fmt: skip
        finally:
            password.unlink()

    def is_running(self) -> bool:
        """Whether this cluster's own server runs."""
        pid = _pid_of(self._folder / "postmaster.pid")
        return pid is not None and answers(self._notes.port("postgres", is_free=False))

    def stop(self) -> None:
        """Stop it, at once but safely."""
        if _pid_of(self._folder / "postmaster.pid") is not None:
            self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self._folder), check=False)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        subprocess.run(
            [str(self._bin / program), *arguments],
            check=check,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=self._folder.parent / "run",
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            **as_server_user(),
        )


def _pid_of(path: Path) -> int | None:
    try:
        pid = int(path.read_text().split()[0])
        os.kill(pid, 0)
    except (OSError, ValueError, IndexError):
        return None
    return pid
