"""The gunicorn worker: what it cannot read as HTTP is refused like everything else, as a problem document.

gunicorn's own answer is a page in HTML, and its log line holds the requested address, where a client may have put a number
of somebody's. How long clients are waited for: ``connections``. Imports no more of ours before it is needed: gevent
patches the standard library when a worker starts.
"""

from __future__ import annotations

import collections
import json
from typing import TYPE_CHECKING, Any

import gevent
from gunicorn.util import write_nonblock
from gunicorn.workers.ggevent import GeventWorker

from gateway.serving import connections
from gateway.serving.connections import Arrival, Client, Connections

if TYPE_CHECKING:
    from gateway.http.problems import Problem

#: Places gunicorn has beyond the connections that are meant to be open: for newcomers, until somebody has gone for them.
SPARE_CONNECTIONS = 100


class Worker(GeventWorker):
    """gunicorn's gevent worker with our refusals and our patience."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # gunicorn stops accepting at worker_connections: it must not come to that
        limit = max(1, self.worker_connections - SPARE_CONNECTIONS)
        self._connections: dict[Any, Connections] = collections.defaultdict(lambda: Connections(limit))
        self._clients: dict[gevent.Greenlet, Client] = {}

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        own = gevent.getcurrent()
        taken_over = self._clients[own] = Client.taken_over(client)
        try:
            with self._connections[listener].taken():
                super().handle(listener, taken_over, addr)
        finally:
            del self._clients[own]

    def timeout_ctx(self) -> Arrival:
        return Arrival(self._clients[gevent.getcurrent()], self.cfg.keepalive)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        if isinstance(exc, connections.Displaced):
            from gateway.serving import request_metrics

            request_metrics.displaced.inc()
            return
        from gateway.serving import unreadable

        refusal = unreadable.refusal_of(exc)
        if refusal.status < 500 or refusal.status == 501:
            self.log.warning("unreadable request: %s", type(exc).__name__)
        else:
            self.log.error("a request failed outside the application: %s", type(exc).__name__)
        try:
            write_nonblock(client, _response(refusal))
        except Exception:
            self.log.debug("the client has gone before its refusal")


def _response(refusal: Problem) -> bytes:
    """The whole response; in both languages, as the request was not read."""
    from gateway import settings
    from gateway.http.problems import title_of

    titles = title_of(refusal.status)
    body = {
        "type": f"{settings.load().public_url}/problems/{refusal.code}",
        "title": titles[0],
        "status": refusal.status,
        "detail": " ".join(refusal.texts()),
        "code": refusal.code,
        "retryable": False,
    }
    content = json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {refusal.status} {titles[1]}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode("ascii") + content
