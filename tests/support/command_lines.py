"""The command line as people use it: a process of its own, in an environment that a test makes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """What --json printed."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def only(self) -> dict[str, Any]:
        (found,) = self.objects
        return found


class CommandLine:
    """Runs commands in a folder."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment, self.folder = environment, folder

    def __call__(self, *arguments: object, status: int = 0, **environment: str | None) -> Done:
        """Run to the end, which must be `status`; `environment` sets variables, or with None takes them away."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=60)
        assert "Traceback" not in err
        assert process.returncode == status, (arguments, out, err)
        return Done(process.returncode, out, err)

    def start(self, *arguments: object, **environment: str | None) -> subprocess.Popen[str]:
        """Begin a command that goes on."""
        given = {**self.environment, **environment}
        return subprocess.Popen(
            [sys.executable, "-m", "cli", *(str(one) for one in arguments)],
            cwd=self.folder,
            env={name: value for name, value in given.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_as_from_a_terminal,
        )


def _as_from_a_terminal() -> None:
    """A shell that runs the tests in the background has their children ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def bare(tmp_path: Path) -> CommandLine:
    """The command line without any setting of a platform, away from this checkout."""
    shutil.copytree(ROOT / "cli", tmp_path / "cli", ignore=shutil.ignore_patterns("__pycache__"))
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return CommandLine({**kept, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}, tmp_path)
