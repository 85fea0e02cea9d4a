"""The processes that belong to a stack: finding and ending them.

Every process a stack starts has the stack's mark in its environment, and so have its children. Process ids kept in files go
stale, and names are shared with other servers; the mark has neither problem.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

MARK = "YOUTHCITY_STACK"
#: The test stack of the run of tests a process descends from; stacks that tests start have it beside their own mark.
TESTS = "YOUTHCITY_TESTS"


def inherited() -> dict[str, str]:
    """What a server with an environment of its own takes over from its caller: the run of tests it belongs to."""
    return {TESTS: os.environ[TESTS]} if TESTS in os.environ else {}


def members(mark: str, variable: str = MARK) -> list[int]:
    """The living processes that carry `mark`."""
    wanted = f"{variable}={mark}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:  # gone meanwhile, or another user's
                continue
    return found


def commanded(words: str) -> list[int]:
    """The living processes with `words` in their command line."""
    pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return [pid for pid in pids if pid != os.getpid() and words in command_of(pid)]


def command_of(pid: int) -> str:
    """The command line of a process, words separated by spaces; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def ancestors() -> set[int]:
    """This process and those it descends from."""
    found, pid = set(), os.getpid()
    while pid > 1:
        found.add(pid)
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
    return found


def await_end(pids: list[int], *, seconds: float) -> bool:
    """Wait until all of them have ended; False at the deadline."""
    deadline = time.monotonic() + seconds
    while any(command_of(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def end(pids: list[int], *, seconds: float) -> None:
    """Send SIGTERM; after `seconds` send SIGKILL to those that are left."""
    send_signal(pids, signal.SIGTERM)
    if not await_end(pids, seconds=seconds):
        send_signal(pids, signal.SIGKILL)
        await_end(pids, seconds=5)


def send_signal(pids: list[int], number: int) -> None:
    """Send a signal to those that still exist."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
