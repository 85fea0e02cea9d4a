"""A small HTTP proxy before the broker's management API: its clock goes wrong, or what it says of its nodes."""

from __future__ import annotations

import email.utils
import http.server
import json
import threading
import time
import urllib.request
from typing import Any
from urllib.parse import urlsplit


class AlteredApi:
    """Passes every request on; its Date is `seconds_ahead`, and each node says `nodes` of itself."""

    def __init__(self, api: str, *, seconds_ahead: float = 0.0, nodes: dict[str, Any] | None = None) -> None:
        parts = urlsplit(api)
        target = f"http://{parts.hostname}:{parts.port}"

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                login = {"Authorization": self.headers["Authorization"]}
                with urllib.request.urlopen(
                    urllib.request.Request(target + self.path, headers=login), timeout=10
                ) as answer:
                    body = answer.read()
                if self.path == "/api/nodes" and nodes:
                    body = json.dumps([{**node, **nodes} for node in json.loads(body)]).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return email.utils.formatdate(time.time() + seconds_ahead, usegmt=True)

            def log_message(self, format: str, *arguments: Any) -> None:
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://{parts.username}:{parts.password}@127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> AlteredApi:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
