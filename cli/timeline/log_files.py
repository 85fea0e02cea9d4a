"""The log files of the platform's processes: JSON lines that name a trace or a request."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chassis.ground.logs import redact
from cli.timeline.entries import Entry, Ids


def read(folder: Path, ids: Ids) -> list[Entry]:
    """The lines that name any of the traces or requests; further ids in them are added to `ids`."""
    found = []
    for path in sorted(folder.glob("*.log*")):
        for line in _lines(path, sorted(ids.traces | ids.requests)):
            trace, request = line.get("trace_id"), line.get("request_id")
            if trace in ids.traces or request in ids.requests:
                ids.traces |= {trace} if isinstance(trace, str) and trace else set()
                ids.requests |= {request} if isinstance(request, str) and request else set()
                if (entry := _entry(line, path)) is not None:
                    found.append(entry)
    return found


def _lines(path: Path, wanted: list[str]) -> Iterator[dict[str, Any]]:
    needles = [word.encode() for word in wanted]
    try:
        with open(path, "rb") as file:
            for raw in file:
                if any(needle in raw for needle in needles):
                    try:
                        line = json.loads(raw)
                    except ValueError:
                        continue
                    if isinstance(line, dict):
                        yield line
    except OSError as error:
        if not isinstance(error, FileNotFoundError):  # rotated away meanwhile
            raise


def _entry(line: dict[str, Any], path: Path) -> Entry | None:
    try:
        at = dt.datetime.fromisoformat(str(line["timestamp"]))
    except (KeyError, ValueError):
        return None
    process = path.name.partition(".")[0]
    service = str(line.get("service") or process)
    about = {name: line[name] for name in ("trace_id", "request_id", "client", "problem") if line.get(name)}
    about["process"] = process
    if line.get("route"):
        what = f"{line.get('method')} {line['route']} -> {line.get('status')} ({line.get('ms')} ms)"
        return Entry(at, service, "http", what, about)
    text = redact(str(line.get("event", ""))).split("\n")[0][:300]
    return Entry(at, service, "log", f"{line.get('level', 'info')}: {text}", about)
