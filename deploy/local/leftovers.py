"""Processes that tests of a checkout have left: found by what all processes of a run inherit, and by the test servers.

Lives here: finding them, without changing anything (``make doctor``). ``Platform.stop`` ends them (``make down``).
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import NamedTuple

from deploy.local import postgres, rabbitmq, running


class Left(NamedTuple):
    """A process and its command."""

    pid: int
    command: str


def of_tests(state: Path) -> list[Left]:
    """The processes that runs of the tests in the test stack `state` have started; the caller's own are none of them."""
    return _named(set(running.members(str(state), running.TESTS)) - running.ancestors())


def servers(state: Path) -> list[Left]:
    """The servers of the test stack, and its cluster's nodes."""
    data = state / "data"
    data = data.readlink() if data.is_symlink() else data
    found = (postgres.server_pid(data / "postgres"), rabbitmq.node_pid(data / "rabbitmq"))
    return _named({pid for pid in found if pid is not None} | set(running.members(f"{state}:cluster")))


def is_at_work(state: Path) -> bool:
    """Whether a run of the tests is under way in `state`: it holds the lock."""
    try:
        with open(state / "lock") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _named(pids: set[int]) -> list[Left]:
    return [Left(pid, command.strip()) for pid in sorted(pids) if (command := running.command_of(pid))]
