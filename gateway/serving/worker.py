"""The gunicorn worker: what it cannot read as HTTP is refused like everything else, as a problem document.

gunicorn's own answer is a page in HTML, and its log line holds the requested address, where a client may have put a number
of somebody's. How long clients are waited for: ``connections``. Imports no more of ours before it is needed: gevent
patches the standard library when a worker starts.
"""

from __future__ import annotations

import collections
import json
from typing import Any

import gevent
from gunicorn.http import errors
from gunicorn.util import write_nonblock
from gunicorn.workers.ggevent import GeventWorker

from gateway.serving import connections
from gateway.serving.connections import Arrival, Client, Connections

#: Places gunicorn has beyond the connections that are meant to be open: for newcomers, until somebody has gone for them.
SPARE_CONNECTIONS = 100
#: What gunicorn raises → status, code, and the detail in Chinese and English; 400 for any other fault of the request.
_REFUSALS: dict[type[BaseException], tuple[int, str, str, str]] = {
    connections.HeadTooSlow: (
        408,
        "head_too_slow",
        f"请求头在 {connections.HEAD_SECONDS:g} 秒内未发送完毕。",
        f"The request's head did not arrive within {connections.HEAD_SECONDS:g} seconds.",
    ),
    errors.LimitRequestLine: (414, "uri_too_long", "地址过长。", "The address is too long."),
    errors.LimitRequestHeaders: (431, "headers_too_large", "请求头过大。", "The header fields are too large."),
    errors.ExpectationFailed: (417, "expectation_failed", "不支持此 Expect 请求头。", "This Expect is not supported."),
    errors.UnsupportedTransferCoding: (
        501,
        "transfer_coding",
        "不支持此传输编码。",
        "This transfer coding is not supported.",
    ),
}
#: What the application itself has written wrong.
_OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
_MALFORMED = (400, "malformed_request", "请求不符合 HTTP 规范，无法解析。", "The request is not HTTP as it should be.")
_BROKEN = (500, "internal_error", "系统内部错误。", "Internal error.")


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
        is_theirs = isinstance(exc, (errors.ParseException, connections.HeadTooSlow)) and not isinstance(exc, _OURS)
        refusal = _REFUSALS.get(type(exc), _MALFORMED) if is_theirs else _BROKEN
        if is_theirs:
            self.log.warning("unreadable request: %s", type(exc).__name__)
        else:
            self.log.error("a request failed outside the application: %s", type(exc).__name__)
        try:
            write_nonblock(client, _response(*refusal))
        except Exception:
            self.log.debug("the client has gone before its refusal")


def _response(status: int, code: str, zh: str, en: str) -> bytes:
    """The whole response; in both languages, as the request was not read."""
    from gateway import settings
    from gateway.http.problems import title_of

    titles = title_of(status)
    body = {
        "type": f"{settings.load().public_url}/problems/{code}",
        "title": titles[0],
        "status": status,
        "detail": f"{zh} {en}",
        "code": code,
        "retryable": False,
    }
    content = json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status} {titles[1]}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode("ascii") + content
