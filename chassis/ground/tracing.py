"""W3C trace context, carried from HTTP through RPC and events into every log line.

Lives here: reading, making and binding a ``traceparent``. Exporting spans is left to OpenTelemetry, where a site wants it.
Source: W3C Trace Context, https://www.w3.org/TR/trace-context/.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")
_current: ContextVar[Mapping[str, Any]] = ContextVar("headers", default=MappingProxyType({}))


def new_traceparent() -> str:
    """A new trace, marked as sampled."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def trace_id(traceparent: str | None) -> str | None:
    """The 32 hex digits of the trace; None where the header is absent or malformed."""
    found = _TRACEPARENT.match(traceparent or "")
    return found.group(1) if found else None


def child_of(traceparent: str | None) -> str:
    """The next hop of the trace: same trace id, new span id; a new trace where there is none."""
    found = _TRACEPARENT.match(traceparent or "")
    if found is None or found.group(1) == "0" * 32 or found.group(2) == "0" * 16:
        return new_traceparent()
    return f"00-{found.group(1)}-{secrets.token_hex(8)}-{found.group(3)}"


def current() -> str | None:
    """The traceparent of the work now running."""
    traceparent: str | None = _current.get().get("traceparent")
    return traceparent


@contextlib.contextmanager
def bound(headers: Mapping[str, Any]) -> Iterator[None]:
    """Bind the headers of a message to everything done inside: its trace goes on, its log lines name trace and request."""
    token = _current.set(headers)
    try:
        yield
    finally:
        _current.reset(token)


def name_in_log(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: the trace and the request of the work now running, looked up only when something is logged."""
    headers = _current.get()
    names = {"trace_id": trace_id(headers.get("traceparent")), "request_id": headers.get("youthcity.request_id")}
    for name, value in names.items():
        if value:
            line.setdefault(name, value)
    return line
