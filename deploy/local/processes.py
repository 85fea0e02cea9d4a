"""The platform's processes: their number, commands and environments, and waiting until they are ready.

There is no list of services: a service is a folder of ``services`` with a ``__main__.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.broker_users import GATEWAY
from deploy.local.notes import Notes
from deploy.local.packages import ROOT
from deploy.local.place import Place

START_SECONDS = 90
QUIET = {"PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore::DeprecationWarning"}


def services() -> list[str]:
    """The services of this checkout."""
    return sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py"))


@dataclass(frozen=True)
class Process:
    """A process, the variables it alone has, and the URL that answers 200 when it is ready."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    ready_url: str


def planned(notes: Notes) -> list[Process]:
    """Every process about to start: PROCESSES_<SERVICE> of each service (1 unless set), and one gateway."""
    found = []
    for service in services():
        for number in range(1, int(os.environ.get(f"PROCESSES_{service.upper()}", "1")) + 1):
            port = notes.free_port(f"{service}.{number}.health")
            found.append(_process(f"{service}-{number}", f"services.{service}", service, port))
    return [*found, _process(GATEWAY, "gateway", GATEWAY, notes.free_port(f"{GATEWAY}.health"))]


def _process(name: str, module: str, deployable: str, health_port: int) -> Process:
    return Process(
        name=name,
        command=[sys.executable, "-m", module],
        environment={f"{deployable.upper()}_HEALTH_PORT": str(health_port)},
        ready_url=f"http://127.0.0.1:{health_port}/readyz",
    )


def wait_until_ready(ready_urls: Mapping[str, str], place: Place) -> None:
    """Block until every process is ready; exits with the end of its log when a process does not become ready."""
    deadline = time.monotonic() + START_SECONDS
    for name, url in ready_urls.items():
        while not is_ready(url):
            if time.monotonic() > deadline:
                log = place.state / "logs" / f"{name}.log"
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""
                raise SystemExit(f"{name} did not become ready. Its log, {log}, ends:\n{tail}")
            time.sleep(0.1)


def is_ready(url: str) -> bool:
    """Whether `url` answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def run_step(module: str, *arguments: str, environment: Mapping[str, str]) -> str:
    """Run ``python -m module arguments`` to its end and return what it printed; exits when it fails."""
    return run_steps([(module, *arguments)], environment=environment)[0]


def run_steps(steps: Sequence[tuple[str, ...]], *, environment: Mapping[str, str]) -> list[str]:
    """As `run_step`, for several steps at the same time."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", *step],
            cwd=ROOT,
            env={**os.environ, **environment, **QUIET},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        for step in steps
    ]
    printed = [process.communicate()[0] for process in started]
    for step, process, text in zip(steps, started, printed, strict=True):
        if process.returncode:
            raise SystemExit(f"`python -m {' '.join(step)}` failed:\n{text}")
    return printed


def write_private(path: Path, content: object) -> None:
    """Write JSON that only this user can read."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1))
