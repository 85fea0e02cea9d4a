"""A client of the public API in the standard library alone, as a department might write its own.

Lives here: tokens (of the client itself, of a person it has signed in), JSON, two retries of what was refused as busy, multipart
upload. Journeys and the demo loader use it too.
"""

from __future__ import annotations

import base64
import copy
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


PERSON = "urn:youthcity:token-type:person"


class ApiError(Exception):
    """An answer of 400 and above: its status and its problem (RFC 9457)."""

    def __init__(self, status: int, problem: Any, headers: Mapping[str, str]) -> None:
        super().__init__(f"{status}: {problem}")
        self.status, self.problem, self.headers = status, problem, headers


class Client:
    """Calls the gateway as one registered client; `purpose` is in the audit, and named offices must state one."""

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        *,
        department: str = "",
        timeout: float = 30,
        purpose: str | None = None,
    ) -> None:
        self.url, self.department, self.timeout = url.rstrip("/"), department, timeout
        self.login = (client_id, client_secret)
        self._credentials = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._grant = {"grant_type": "client_credentials"} | ({"purpose": purpose} if purpose else {})
        self._token, self._token_until = "", 0.0

    def for_person(self, person_id: str) -> Client:
        """The same client, acting for a person it has signed in (RFC 8693): for clients of type channel."""
        made = copy.copy(self)
        grant_type = "urn:ietf:params:oauth:grant-type:token-exchange"
        made._grant = {"grant_type": grant_type, "subject_token": person_id, "subject_token_type": PERSON}
        made._token, made._token_until = "", 0.0
        return made

    def get(self, path: str, **query: Any) -> Any:
        parameters = {name: value for name, value in query.items() if value is not None}
        return self.send("GET", path + (f"?{urllib.parse.urlencode(parameters)}" if parameters else ""))[2]

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """POST under an idempotency key, so that the retry of a lost answer is safe."""
        return self.send("POST", path, body, {"Idempotency-Key": f'"{key or uuid.uuid4()}"'})[2]

    def put(self, path: str, body: Any, *, if_match: str | None = None, if_none_match: str | None = None) -> Any:
        headers = {"If-Match": if_match, "If-None-Match": if_none_match}
        return self.send("PUT", path, body, {name: value for name, value in headers.items() if value})[2]

    def patch(self, path: str, body: Any, *, if_match: str) -> Any:
        headers = {"If-Match": if_match, "Content-Type": "application/merge-patch+json"}
        return self.send("PATCH", path, body, headers)[2]

    def upload(self, path: str, file: Path, *, key: str | None = None, **form: str) -> Any:
        """POST a file and form fields as multipart/form-data, under an idempotency key."""
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in form.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
        parts += [f"{head}Content-Type: {XLSX}\r\n\r\n".encode(), file.read_bytes(), f"\r\n--{boundary}--\r\n".encode()]
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Idempotency-Key": f'"{key or uuid.uuid4()}"',
        }
        return self.send("POST", path, b"".join(parts), headers)[2]

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and decoded body. Raises ApiError for 400 and above."""
        sent = {"Authorization": f"Bearer {self._bearer()}", "Accept": "application/json", **(headers or {})}
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body, ensure_ascii=False).encode()
            sent.setdefault("Content-Type", "application/json")
        return self._exchange(urllib.request.Request(self.url + path, data, sent, method=method))

    def _exchange(self, request: urllib.request.Request) -> tuple[int, dict[str, str], Any]:
        for attempt in (1, 2, 3):
            try:
                with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                    return answer.status, dict(answer.headers), _decoded(answer.headers, answer.read())
            except urllib.error.HTTPError as error:
                problem = _decoded(error.headers, error.read())
                if error.code == 503 and attempt < 3:
                    time.sleep(float(error.headers.get("Retry-After", 1)))
                    continue
                raise ApiError(error.code, problem, dict(error.headers)) from None
        raise AssertionError("unreachable")

    def _bearer(self) -> str:
        if time.monotonic() > self._token_until:
            request = urllib.request.Request(
                f"{self.url}/oauth/token",
                urllib.parse.urlencode(self._grant).encode(),
                {
                    "Authorization": f"Basic {self._credentials}",
                    "Content-Type": "application/x-www-form-urlencoded",
                },
            )
            granted = self._exchange(request)[2]
            self._token = granted["access_token"]
            self._token_until = time.monotonic() + granted["expires_in"] - 30
        return self._token


def client_of(platform: Mapping[str, Any], name: str | None = None) -> Client:
    """The named client of ``platform.json``; without a name the one that holds the most scopes."""
    clients = platform["clients"]
    chosen = clients[name] if name else max(clients.values(), key=lambda one: len(one["scopes"]))
    return Client(
        platform["gateway_url"], chosen["client_id"], chosen["client_secret"], department=chosen["department"]
    )


def _decoded(headers: Any, body: bytes) -> Any:
    kind = headers.get("Content-Type", "")
    return json.loads(body) if "json" in kind and body else body
