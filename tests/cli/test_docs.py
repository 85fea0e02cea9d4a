"""What docs/command-line.md tells to type works as printed."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT, CommandLine
from tests.documents.blocks import blocks

DOCUMENT = "docs/command-line.md"
NAMES = ("roster", "clients", "on-call")


@pytest.mark.parametrize("name", NAMES)
def test_the_commands_of_the_page_work(cli: CommandLine, name: str) -> None:
    (block,) = [one.text for one in blocks(ROOT / DOCUMENT) if one.name == name]
    (cli.folder / "examples").symlink_to(ROOT / "examples")
    python = cli.folder / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')  # a link would not find its packages
    python.chmod(0o755)
    environment = {**cli.environment, "PATH": f"{python.parent}:{cli.environment['PATH']}"}
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", block],
        cwd=cli.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_the_statuses_are_those_of_the_help(bare: CommandLine) -> None:
    documented = re.findall(r"^\| (\d+) \|", (ROOT / DOCUMENT).read_text(), re.MULTILINE)
    assert documented == re.findall(r"(\d+) [a-zC]", bare("--help").out.split("Exit status:")[1].split("\n\n")[0])
