"""The main program of the process that opens uploaded files: limits itself, loads its code, shuts itself in, then reads.

Standard input holds one line of JSON (the task) and then the file's bytes; standard output takes the answer. It has no
database, no broker and no environment of the service, and once it parses it can open nothing (``barrier``). A crash of it is an
answer too: see `limited`.
"""

from __future__ import annotations

import errno
import functools
import importlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any

MEMORY_ERROR_STATUS = 3
BROKEN_STATUS = 4
LACKING = "barrier without: "
"""Begins the line on standard error that names the layers this machine does not give."""
NICENESS = 10
"""Requests and redemptions on the same cores come first."""

Answer = Callable[[bytes], Any]


def main() -> int:
    """Do the one task on standard input; the exit status tells `limited` what became of it."""
    source, answer = sys.stdin.buffer, sys.stdout.buffer
    task = json.loads(source.readline())
    limit_this_process(task["limits"])
    try:
        work, content = _prepared(task), source.read()
        _shut_in(task["user"])
        _do(work, content)
        answer.flush()
    except (MemoryError, OSError) as error:
        # An answer beyond the file size limit is an OSError: too large as well.
        if isinstance(error, MemoryError) or error.errno in (errno.EFBIG, errno.ENOMEM):
            return MEMORY_ERROR_STATUS
        _report_place(error)
        return BROKEN_STATUS
    except BaseException as error:
        # A panic inside calamine is no Exception. The message may quote a cell, so only the place is reported.
        _report_place(error)
        return BROKEN_STATUS
    return 0


def limit_this_process(limits: dict[str, int]) -> None:
    """Bound memory (bytes), CPU and wall clock (seconds) and the size of the answer (bytes); no core file."""
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory_bytes"], limits["memory_bytes"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["answer_bytes"], limits["answer_bytes"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(limits["wall_seconds"])
    os.nice(NICENESS)


def _prepared(task: dict[str, Any]) -> Answer:
    """What writes the answer for a file's bytes. Imported under the limits, and only what this task needs; nothing can be
    imported later.
    """
    from chassis.imports.kinds import Column
    from chassis.imports.opening import open_table
    from chassis.imports.tabular import Limits

    table_limits = Limits(**task["table_limits"])
    columns = [Column(**{**column, "synonyms": tuple(column["synonyms"])}) for column in task["columns"]]
    answer = sys.stdout.buffer
    if task["do"] == "annotate":
        from chassis.imports.annotating import annotate

        def annotated(content: bytes) -> None:
            verdicts, _, file = content.partition(b"\n")
            table = open_table(file, table_limits, columns)
            answer.write(annotate(table, json.loads(verdicts), columns, is_trial=task["is_trial"]))

        return annotated

    from chassis.imports.reading import Sheet, read_lines
    from contracts.language.violations import Violation

    required = [column for column in columns if column.key in task["required"]]
    read_row, group_of = _function(task["read_row"]), _function(task["group_of"])
    if task["given"] is not None:
        read_row = functools.partial(read_row, given=task["given"])
    sheet = Sheet(columns, required, read_row, group_of, Violation(*task["too_often"]))

    def read(content: bytes) -> None:
        table = open_table(content, table_limits, columns)
        for line in read_lines(table, sheet, max_rows=table_limits.rows):
            answer.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    return read


def _shut_in(user: int) -> None:
    from chassis.imports.barrier import raise_barrier

    if lacking := raise_barrier(user):
        sys.stderr.write(f"{LACKING}{' '.join(lacking)}\n")
        sys.stderr.flush()


def _do(work: Answer, content: bytes) -> None:
    from chassis.imports.reasons import FileRefused

    answer = sys.stdout.buffer
    try:
        work(content)
    except FileRefused as refused:
        answer.seek(0)
        answer.truncate()
        answer.write(json.dumps({"refused": refused.code, "params": refused.params}).encode() + b"\n")


def _function(name: str) -> Any:
    """The function ``module:name``; its module is the service's own code, and pure."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def _report_place(error: BaseException) -> None:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "?"
    sys.stderr.write(f"{type(error).__name__} at {place}")
    sys.stderr.flush()


if __name__ == "__main__":
    # at once: a half-written answer must not be flushed again, and a large table need not be taken apart
    os._exit(main())
