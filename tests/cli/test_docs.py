"""What docs/command-line.md tells to type works as printed."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT, CommandLine

PAGE = (ROOT / "docs/command-line.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=[re.sub(r"\W+", "-", block[:40]) for block in BLOCKS])
def test_every_command_of_the_page_works(cli: CommandLine, block: str) -> None:
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


def test_what_is_not_executed_says_why() -> None:
    assert len(BLOCKS) == 3
    for after in re.findall(r"^```console\n.*?^```\n\n(.)", PAGE, re.MULTILINE | re.DOTALL):
        assert after == "(", "a reason in brackets follows"


def test_the_statuses_are_those_of_the_help(bare: CommandLine) -> None:
    told = re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)
    assert told == re.findall(r"(\d+) [a-zC]", bare("--help").out.split("Exit status:")[1].split("\n\n")[0])
