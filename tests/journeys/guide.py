"""The commands of a guide, run as they stand: a block marked ```` ```sh name ```` is what a test executes under that name."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from deploy.local.packages import find_program
from deploy.local.throwaway import ThrowawayPlatform

ROOT = Path(__file__).resolve().parents[2]


def blocks(document: str, name: str) -> list[str]:
    """The blocks of a guide marked `name`."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(rf"```sh {name}\n(.*?)```", text, re.DOTALL)


def run(document: str, name: str, platform: ThrowawayPlatform, folder: Path) -> str:
    """Run them in `folder`, with the environment of the platform and the server's own programs; what they printed."""
    found = blocks(document, name)
    assert found, name
    server = find_program("postgres")
    assert server is not None
    path = os.pathsep.join([str(Path(sys.executable).parent), str(Path(server).parent), os.environ["PATH"]])
    process = subprocess.Popen(
        ["bash", "-eu", "-c", "".join(found)],
        cwd=folder,
        env={**platform.environment, "PATH": path, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        printed, errors = process.communicate(timeout=150)
    finally:
        with contextlib.suppress(ProcessLookupError):  # nothing of a block that failed may live on
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, printed + errors
    return printed
