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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.local.broker_users import GATEWAY
from deploy.local.notes import Notes
from deploy.local.packages import ROOT, say
from deploy.local.place import Place

#: How long a start may take, in seconds; more on a machine that is slow or busy.
START_SECONDS = float(os.environ.get("YOUTHCITY_START_SECONDS", "90"))
#: The most processes of a service.
MOST = 8
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
    """What every platform has: the first process of each service, and one gateway."""
    found = [of_service(service, 1, notes) for service in services()]
    return [*found, _process(GATEWAY, "gateway", GATEWAY, notes.free_port(f"{GATEWAY}.health"))]


def of_service(service: str, number: int, notes: Notes) -> Process:
    """The process of a service with that number, about to start."""
    port = notes.free_port(f"{service}.{number}.health")
    return _process(f"{service}-{number}", f"services.{service}", service, port)


def wanted_numbers() -> dict[str, int]:
    """How many processes of each service a start brings up: PROCESSES_<SERVICE>, 1 unless set."""
    return {service: int(os.environ.get(f"PROCESSES_{service.upper()}", "1")) for service in services()}


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
    waiting = dict(ready_urls)
    while waiting:
        for name in [name for name, url in waiting.items() if is_ready(url)]:
            del waiting[name]
            say(f"{name} is ready" + (f", {len(waiting)} to come" if waiting else ""))
        if waiting and time.monotonic() > deadline:
            name = list(waiting)[-1]
            log = place.state / "logs" / f"{name}.log"
            lines = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
            tail = "\n".join(map(readable, lines))
            raise SystemExit(
                f"{', '.join(waiting)} did not become ready in {START_SECONDS:g} s. The log {log} ends:\n{tail}"
            )
        time.sleep(0.1)


def readable(line: str) -> str:
    """A line of a log in words: level and event of a JSON line, any other line as it is."""
    try:
        found = json.loads(line)
        return f"{found['level']}: {found['event']}"
    except (ValueError, KeyError, TypeError):
        return line


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
            stderr=subprocess.PIPE,  # its log lines would hide the progress; a failed step shows them
            text=True,
        )
        for step in steps
    ]
    with ThreadPoolExecutor(len(started)) as pool:
        printed = list(pool.map(subprocess.Popen.communicate, started))
    for step, process, (text, log) in zip(steps, started, printed, strict=True):
        if process.returncode:
            lines = "\n".join(map(readable, log.splitlines()[-15:]))
            raise SystemExit(f"`python -m {' '.join(step)}` failed:\n{text}{lines}")
    return [text for text, _ in printed]


def write_private(path: Path, content: object) -> None:
    """Write JSON that only this user can read; whole or not at all."""
    written = path.with_suffix(".new")
    written.touch(mode=0o600)
    written.write_text(json.dumps(content, ensure_ascii=False, indent=1))
    written.replace(path)
