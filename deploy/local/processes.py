"""The processes of a local platform: which, how many, with which environment, and the supervisor that keeps them.

The one list of deployables here is the folders: a service is a folder of ``services`` with a ``__main__.py``.
"""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.bootstrap import say
from deploy.local.place import ROOT, Notes, Place

START_SECONDS = 90


def services() -> list[str]:
    """The services of this checkout."""
    return sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py"))


@dataclass(frozen=True)
class Process:
    """One process and the URL that says whether it is ready."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    ready_url: str


def planned(place: Place, notes: Notes, environment: Mapping[str, str]) -> list[Process]:
    """Every process: PROCESSES_<SERVICE> of each service (1 unless set), and one gateway."""
    found = []
    for service in services():
        for number in range(1, int(os.environ.get(f"PROCESSES_{service.upper()}", "1")) + 1):
            port = notes.port(f"{service}.{number}.health")
            found.append(
                Process(
                    name=f"{service}-{number}",
                    command=[sys.executable, "-m", f"services.{service}"],
                    environment={**environment, f"{service.upper()}_HEALTH_PORT": str(port)},
                    ready_url=f"http://127.0.0.1:{port}/readyz",
                )
            )
    if (ROOT / "gateway" / "__main__.py").exists():
        url = gateway_url(notes)
        found.append(Process("gateway", [sys.executable, "-m", "gateway"], environment, f"{url}/readyz"))
    return found


def gateway_url(notes: Notes) -> str:
    """Where the gateway listens: GATEWAY_PORT, or a port of this checkout's own."""
    port = os.environ.get("GATEWAY_PORT") or notes.port("gateway", is_free=False)
    return f"http://127.0.0.1:{port}"


class Supervisor:
    """supervisord: restarts a process that ends, ends them all when it is told to."""

    def __init__(self, place: Place) -> None:
        self._state = place.state
        self._pid_file = place.state / "supervisord.pid"

    def start(self, processes: list[Process], *, foreground: bool) -> subprocess.Popen[bytes] | None:
        """Start them all; in the foreground the supervisor is returned as a child of the caller."""
        say(f"starting {len(processes)} processes")
        (self._state / "logs").mkdir(exist_ok=True)
        path = self._state / "supervisord.conf"
        path.touch(mode=0o600)
        with open(path, "w") as file:
            self._configuration(processes).write(file)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(path)]
        if foreground:
            return subprocess.Popen([*command, "-n", "-s"], cwd=ROOT, stdin=subprocess.DEVNULL)
        subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return None

    def _configuration(self, processes: list[Process]) -> configparser.RawConfigParser:
        made = configparser.RawConfigParser()
        made["supervisord"] = {
            "pidfile": str(self._pid_file),
            "logfile": str(self._state / "logs" / "supervisord.log"),
            "childlogdir": str(self._state / "logs"),
            "directory": str(ROOT),
            **({"user": "root"} if os.geteuid() == 0 else {}),
        }
        for process in processes:
            variables = {"PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore::DeprecationWarning", **process.environment}
            made[f"program:{process.name}"] = {
                "command": " ".join(process.command),
                "environment": ",".join(f'{name}="{_escaped(value)}"' for name, value in variables.items()),
                "stopwaitsecs": "40",
                "stopasgroup": "false",
                "autorestart": "true",
                "startretries": "20",
                "redirect_stderr": "true",
                "stdout_logfile": str(self._state / "logs" / f"{process.name}.log"),
                "stdout_logfile_maxbytes": "20MB",
                "stdout_logfile_backups": "2",
            }
        return made

    def pid(self) -> int | None:
        """The running supervisor of this checkout."""
        try:
            pid = int(self._pid_file.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if str(self._state).encode() in command else None

    def stop(self) -> None:
        """End the supervisor and with it every process; returns when they are gone."""
        pid = self.pid()
        if pid is None:
            return
        say("stopping the processes")
        os.kill(pid, 15)
        deadline = time.monotonic() + 60
        while self.pid() is not None and time.monotonic() < deadline:
            time.sleep(0.1)


def _escaped(value: str) -> str:
    return value.replace("%", "%%").replace('"', '\\"')


def wait_until_ready(processes: list[Process], place: Place) -> None:
    """Block until every process says it is ready; exits with the log to read when one does not."""
    deadline = time.monotonic() + START_SECONDS
    for process in processes:
        while not _is_ready(process.ready_url):
            if time.monotonic() > deadline:
                log = place.state / "logs" / f"{process.name}.log"
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""
                raise SystemExit(f"{process.name} did not become ready. Its log, {log}, ends:\n{tail}")
            time.sleep(0.2)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def run_step(module: str, *arguments: str, environment: Mapping[str, str]) -> str:
    """Run ``python -m module arguments`` to its end and return what it printed; exits when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment, "PYTHONWARNINGS": "ignore::DeprecationWarning"},
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"`python -m {module} {' '.join(arguments)}` failed:\n{done.stdout}")
    return done.stdout


def write_private(path: Path, content: object) -> None:
    """JSON for this user's eyes only."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1))
