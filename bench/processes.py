"""Child processes of the benchmarks: started, awaited, ended by pid."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping


@contextlib.contextmanager
def running(module: str, *arguments: str, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """``python -m module arguments`` while the block runs."""
    command = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(command, env={**os.environ, **env}, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def result_of(module: str, *arguments: str, env: Mapping[str, str]) -> float:
    """The number a load program prints last."""
    return float(lines_of(module, *arguments, env=env)[-1])


def lines_of(module: str, *arguments: str, env: Mapping[str, str]) -> list[str]:
    """What a load program prints."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True, check=True, timeout=300
    )
    return done.stdout.splitlines()


def wait_until(ready: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Ask until `ready()`; raises TimeoutError with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.05)
