"""The proxies before the gateway: whose word about a client's address is believed.

Behind a proxy that is not trusted, all clients share the proxy's address, and with it the limits of one. So the gateway says
when it looks like that: a proxy adds ``X-Forwarded-For``. A client may write it too, and then there is nothing to do.
"""

from __future__ import annotations

import logging
import time

from flask import Flask, request
from prometheus_client import Counter
from werkzeug.middleware.proxy_fix import ProxyFix

log = logging.getLogger(__name__)

#: Said once in so long by each worker.
SAID_EVERY_SECONDS = 3600.0
_disbelieved = Counter(
    "youthcity_forwarded_disbelieved_total", "Requests with X-Forwarded-For while no proxy is trusted"
)


def trust(app: Flask, count: int) -> None:
    """Take a client's address from the last `count` proxies; with none, say when one seems to be there."""
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=0, x_host=0)  # type: ignore[method-assign]
    else:
        app.before_request(_Watch().look)


class _Watch:
    def __init__(self) -> None:
        self._said_at = 0.0

    def look(self) -> None:
        if "X-Forwarded-For" not in request.headers:
            return
        _disbelieved.inc()
        if not self._said_at or time.monotonic() - self._said_at > SAID_EVERY_SECONDS:
            self._said_at = time.monotonic()
            log.warning(
                "X-Forwarded-For came from %s and is not believed: if that is your proxy, set GATEWAY_TRUSTED_PROXIES,"
                " or all clients behind it share one address",
                request.remote_addr,
            )
