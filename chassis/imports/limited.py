"""Starts the child process that opens a file, watches it, and says what became of it. Runs in the service.

A fresh interpreter, never a fork: the service holds sockets of the broker and the database. Input and answer are
anonymous memory files, so nothing personal touches a disk, no pipe can fill, and there is nothing to wait on but the
child's end; waiting yields to the hub (the chassis patches `subprocess` and `time`).
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from chassis.imports.child import LACKING, MEMORY_ERROR_STATUS
from chassis.imports.kinds import ImportKind
from chassis.imports.reasons import FileRefused
from chassis.imports.settings import ImportSettings

log = logging.getLogger(__name__)

CHECKOUT = Path(__file__).resolve().parents[2]
TOO_LARGE = {MEMORY_ERROR_STATUS, -signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGKILL}
TOO_LONG = {-signal.SIGXCPU, -signal.SIGALRM}


class ChildFailed(Exception):
    """The child ended in a way no file should cause; the import is tried again."""


def read_file(
    parts: Iterable[bytes], kind: ImportKind, *, is_given: bool, settings: ImportSettings, on_wait: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """The lines of ``reading.read_lines`` for the file in `parts`; refuses (FileRefused) what cannot be read as `kind`.

    `is_given`: the import names the organisation. `on_wait` is called every few seconds while the child works.
    """
    task = {
        "do": "read",
        "columns": [asdict(column) for column in kind.columns],
        "required": [column.key for column in kind.required(is_given=is_given)],
        "read_row": _name_of(kind.read_row),
        "given": kind.given,
        "group_of": _name_of(kind.group_of),
        "too_often": astuple(kind.too_often),
    }
    with _answer_of(task, parts, settings, on_wait) as answer:
        for line in answer:
            fields = json.loads(line)
            if "refused" in fields:
                raise FileRefused(fields["refused"], **fields["params"])
            yield fields


def annotate_file(
    parts: Iterable[bytes],
    kind: ImportKind,
    verdicts: dict[int, list[str]],
    *,
    is_trial: bool,
    settings: ImportSettings,
    on_wait: Callable[[], None],
) -> Iterator[bytes]:
    """The annotated workbook in parts of `settings.part_bytes`; `verdicts` as ``annotating.annotate`` takes them."""
    columns = [asdict(column) for column in kind.columns]
    task = {"do": "annotate", "columns": columns, "is_trial": is_trial}

    def content() -> Iterator[bytes]:
        yield json.dumps(verdicts, ensure_ascii=False).encode() + b"\n"
        yield from parts

    with _answer_of(task, content(), settings, on_wait) as answer:
        while part := answer.read(settings.part_bytes):
            if part.startswith(b'{"refused"'):
                raise FileRefused(json.loads(part)["refused"])
            yield part


@contextmanager
def _answer_of(
    task: dict[str, Any], parts: Iterable[bytes], settings: ImportSettings, on_wait: Callable[[], None]
) -> Iterator[BinaryIO]:
    with _memory_file("import-in") as source, _memory_file("import-out") as answer:
        source.write(json.dumps(task | settings.child_limits() | {"user": settings.child_user}).encode() + b"\n")
        for part in parts:
            source.write(part)
        source.flush()
        source.seek(0)
        _refuse_by_status(*_run(source, answer, settings, on_wait))
        answer.seek(0)
        yield answer


def _run(source: BinaryIO, answer: BinaryIO, settings: ImportSettings, on_wait: Callable[[], None]) -> tuple[int, str]:
    with _memory_file("import-err") as complaint:
        # -E and an empty environment: the child gets no setting and no secret of the service.
        child = subprocess.Popen(
            [sys.executable, "-E", "-s", "-m", "chassis.imports.child"],
            stdin=source.fileno(),
            stdout=answer.fileno(),
            stderr=complaint.fileno(),
            cwd=CHECKOUT,
            env={"LANG": "C.UTF-8"},
            close_fds=True,
            start_new_session=True,
        )
        try:
            status = _wait(child, settings, on_wait)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        complaint.seek(0)
        first, _, rest = complaint.read(300).decode(errors="replace").partition("\n")
        if not first.startswith(LACKING):
            return status, f"{first} {rest}"
        _warn_once(first)
        return status, rest


@cache
def _warn_once(lacking: str) -> None:
    log.warning("the process that opens files is not wholly shut in on this machine, %s", lacking)


def _wait(child: subprocess.Popen[bytes], settings: ImportSettings, on_wait: Callable[[], None]) -> int:
    deadline = time.monotonic() + settings.wall_seconds
    while time.monotonic() < deadline:
        try:
            return child.wait(timeout=min(settings.renew_seconds, max(deadline - time.monotonic(), 0)))
        except subprocess.TimeoutExpired:
            on_wait()
    return -signal.SIGALRM


def _refuse_by_status(status: int, complaint: str) -> None:
    if status in TOO_LARGE:
        raise FileRefused("file_too_large_when_opened")
    if status in TOO_LONG:
        raise FileRefused("file_takes_too_long")
    if status == 0:
        return
    if "PanicException" in complaint:
        raise FileRefused("file_broken")
    raise ChildFailed(f"status {status}: {complaint}")


def _name_of(function: Callable[..., Any]) -> str:
    return f"{function.__module__}:{function.__qualname__}"


def _memory_file(name: str) -> BinaryIO:
    return os.fdopen(os.memfd_create(name, os.MFD_CLOEXEC), "w+b")
