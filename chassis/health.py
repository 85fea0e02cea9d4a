"""Liveness, readiness and metrics of a service process, served beside its worker pools.

Lives here: ``/livez`` (the hub turns), ``/readyz`` (may requests be sent here: lanes connected, database reachable and not
behind, not stopping) and ``/metrics``. A broker that is away makes a process unready, never dead: a restart would not help.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

import eventlet
import eventlet.wsgi
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

log = logging.getLogger(__name__)

#: Name of a check → what is wrong, or None when all is well.
Checks = Callable[[], dict[str, str | None]]

CHECK_SECONDS = 2.0
CHECK_KEPT_SECONDS = 1.0


class Health:
    """The health endpoint of a process."""

    def __init__(self, checks: Checks, *, port: int, host: str = "127.0.0.1") -> None:
        self._checks = checks
        self._last: tuple[float, dict[str, str | None]] = (0.0, {})
        self._socket = eventlet.listen((host, port))
        self.port: int = self._socket.getsockname()[1]
        self.stopping = False

    def serve(self) -> None:
        """Answer until the process ends; run it in a greenlet of its own."""
        eventlet.wsgi.server(self._socket, self._application, log=logging.getLogger("health"), log_output=False)

    def _application(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/livez":
            return _answer(start_response, "200 OK", b'{"status":"ok"}')
        if path == "/metrics":
            return _answer(start_response, "200 OK", generate_latest(), content_type=CONTENT_TYPE_LATEST)
        if path == "/readyz":
            found = self.check()
            status = "503 Service Unavailable" if any(found.values()) else "200 OK"
            body = {name: wrong or "ok" for name, wrong in found.items()}
            return _answer(start_response, status, json.dumps(body).encode())
        return _answer(start_response, "404 Not Found", b'{"status":"not found"}')

    def check(self) -> dict[str, str | None]:
        """Every check by name; None is well. Asked at most once a second, answered within CHECK_SECONDS."""
        if self.stopping:
            return {"process": "stopping"}
        asked_at, found = self._last
        if time.monotonic() - asked_at > CHECK_KEPT_SECONDS:
            with eventlet.Timeout(CHECK_SECONDS, False):
                found = self._checks()
                self._last = (time.monotonic(), found)
                return found
            return {"checks": f"no answer within {CHECK_SECONDS:g} s"}
        return found


def _answer(
    start_response: Callable[..., Any], status: str, body: bytes, *, content_type: str = "application/json"
) -> list[bytes]:
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]
