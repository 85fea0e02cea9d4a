"""The commands of a document: its fenced blocks, run as they stand, and what is shown beside them held against the real output.

A block is run where a name follows the language of its fence (three backticks, ``sh story``). Below a command, lines that
begin with ``#> `` show what it prints, every line of it; ``…`` stands for what may be anything. Ids, times, tokens, ports and
masked names are recognised and may differ. Not here: that every block is run or says why not
(``tests/architecture/test_commands_in_docs.py``).
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHOWN = "#> "
_FENCE = re.compile(r"^```(?P<language>\w*)(?: (?P<name>[\w-]+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
#: Ends the output of a step; nothing the platform prints contains it.
_MARK = "\x1e"
#: What differs from run to run, and what stands for it. In this order.
_VARYING = (
    (r"eyJ[\w-]+\.[\w-]+\.[\w-]+|[\w-]+\.[\w-]{40,}\.[\w-]+|(?<![\w-])[A-Za-z0-9_-]{43}(?![\w-])", "<token>"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>"),
    (r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", "<trace>"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", "<time>"),
    (r"127\.0\.0\.1:\d+", "<address>"),
    (r"(?<=[a-z]-)[0-9a-f]{8}\b", "<hex>"),
    (r"[\u4e00-\u9fff]{1,2}\*+", "<name>"),
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a document."""

    language: str
    name: str
    text: str
    line: int


@dataclass(frozen=True)
class Step:
    """Commands, and the lines shown below them."""

    commands: str
    shown: tuple[str, ...]


def blocks(document: Path) -> list[Block]:
    """The fenced blocks of a document."""
    content = document.read_text(encoding="utf-8")
    return [
        Block(found["language"], found["name"] or "", found["text"], content.count("\n", 0, found.start()) + 1)
        for found in _FENCE.finditer(content)
    ]


def steps(text: str) -> Iterator[Step]:
    """A block, cut after each piece of shown output."""
    commands: list[str] = []
    shown: list[str] = []
    for line in text.splitlines():
        if line == SHOWN.strip() or line.startswith(SHOWN):
            shown.append(line[len(SHOWN) :])
            continue
        if shown:
            yield Step("\n".join(commands), tuple(shown))
            commands, shown = [], []
        commands.append(line)
    yield Step("\n".join(commands), tuple(shown))


def recognised(line: str) -> str:
    """A line of output with a word for whatever differs from run to run."""
    for pattern, word in _VARYING:
        line = re.sub(pattern, word, line)
    return line.rstrip()


def is_like(shown: str, printed: str) -> bool:
    """Whether a printed line is the one shown."""
    parts = (re.escape(part) for part in recognised(shown).split("…"))
    return re.fullmatch(".*".join(parts), recognised(printed)) is not None


def differences(step: Step, printed: str) -> list[str]:
    """Where a step prints something else than the document shows; a step that shows nothing must print nothing."""
    lines = printed.splitlines()
    if len(lines) == len(step.shown) and all(map(is_like, step.shown, lines)):
        return []
    return [f"after: {step.commands.strip()[-300:]}", *(f"shown:   {one}" for one in step.shown)] + [
        f"printed: {one}" for one in lines
    ]


def run(document: str, name: str, *, folder: Path, environment: Mapping[str, str], seconds: float = 120) -> list[str]:
    """Run the blocks of that name in `folder`, in one shell; what was printed otherwise than shown, none when all is well.

    AssertionError when a command fails, or a program the document needs is missing.
    """
    chosen = [block.text for block in blocks(ROOT / document) if block.name == name]
    assert chosen, f"{document} has no block named {name}"
    parts = [step for text in chosen for step in steps(text)]
    for program in ("bash", "curl"):
        assert shutil.which(program), f"{program} is missing: the commands of {document} need it"
    script = "\n".join(f"{step.commands}\nprintf '{_MARK}'" for step in parts)
    printed = output_of(script, folder, environment, seconds)
    outputs = printed.split(_MARK)
    return [line for step, output in zip(parts, outputs, strict=False) for line in differences(step, output)]


def output_of(script: str, folder: Path, environment: Mapping[str, str], seconds: float) -> str:
    """What a script prints; AssertionError when a command of it fails."""
    process = subprocess.Popen(
        ["bash", "-eu", "-c", script],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        printed, errors = process.communicate(timeout=seconds)
    finally:
        with contextlib.suppress(ProcessLookupError):  # nothing of a block that failed may live on
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, f"{printed[-2000:]}\n{errors[-3000:]}"
    return printed
