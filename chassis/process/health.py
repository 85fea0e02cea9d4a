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

#: What is wrong, or None when all is well.
Finding = str | None

DATABASE_SECONDS = 2.0
DATABASE_KEPT_SECONDS = 1.0


class Health:
    """The health endpoint of a process: `lanes` says what is wrong with each of its lanes, `database` with its database."""

    def __init__(
        self,
        lanes: Callable[[], dict[str, Finding]],
        database: Callable[[], Finding],
        *,
        port: int,
        host: str = "127.0.0.1",
    ) -> None:
        self._lanes, self._database = lanes, database
        self._kept: tuple[float, Finding] = (0.0, None)
        self._socket = eventlet.listen((host, port))
        self.port: int = self._socket.getsockname()[1]
        self.starting, self.stopping = True, False

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

    def check(self) -> dict[str, Finding]:
        """What is wrong, by name of the check. The lanes are as they are now, the database as it was a second ago at most."""
        if self.starting or self.stopping:
            return {"process": "stopping" if self.stopping else "starting"}
        return {**self._lanes(), "database": self._database_lately()}

    def _database_lately(self) -> Finding:
        checked_at, found = self._kept
        if time.monotonic() - checked_at > DATABASE_KEPT_SECONDS:
            found = f"no answer within {DATABASE_SECONDS:g} s"
            with eventlet.Timeout(DATABASE_SECONDS, False):
                found = self._database()
            self._kept = (time.monotonic(), found)
        return found


def _answer(
    start_response: Callable[..., Any], status: str, body: bytes, *, content_type: str = "application/json"
) -> list[bytes]:
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]
