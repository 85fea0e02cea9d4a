"""A client of the gateway: token, retries under the same idempotency key, problem documents as sentences.

Lives here: HTTP. Not here: the paths that are requested (``imports``), and the gateway's address (``places``).
"""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import requests

from cli import language
from cli.exits import Refused, Unreachable
from cli.language import say
from cli.places import Gateway

SECONDS = (5, 60)
ATTEMPTS = 4
LONGEST_PAUSE = 10.0
PIECE_BYTES = 256 * 1024
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
#: "Not now": the same request may succeed later.
_LATER = (429, 503, 504)
#: What a client's fault asks of whoever types the command.
_CORRECT = "correct what is named, then type the command again."
_TODO = {
    401: "check YOUTHCITY_CLIENT_ID and YOUTHCITY_CLIENT_SECRET; the operators make a new secret with `clients rotate`.",
    403: "the client lacks a scope, or the record is another department's: the operators register clients and scopes.",
    404: "check the id; what belongs to other departments is not found either.",
    409: "look at the present state (`imports list`), then decide again.",
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

#: Called with the number of bytes sent since the call before.
Progress = Callable[[int], None]


class Api:
    """Calls a gateway as a registered client."""

    def __init__(self, place: Gateway) -> None:
        self._place = place
        self._session = requests.Session()
        self._session.trust_env = urlsplit(place.url).hostname not in _LOOPBACK  # no proxy to this machine
        self._session.headers["Accept-Language"] = language.pick("zh-CN", "en")
        self._token, self._token_until = "", 0.0

    def get(self, path: str, **query: Any) -> Any:
        """The decoded answer. Raises Refused, Unreachable."""
        parameters = {name: value for name, value in query.items() if value is not None}
        return self._send(lambda: requests.Request("GET", self._place.url + path, params=parameters)).json()

    def text(self, path: str, **query: Any) -> str:
        """The answer as plain text. Raises Refused, Unreachable."""
        parameters = {name: value for name, value in query.items() if value is not None}
        headers = {"Accept": "text/plain"}
        url = self._place.url + path
        answer = self._send(lambda: requests.Request("GET", url, params=parameters, headers=dict(headers)))
        return answer.content.decode()

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        cursor = None
        while True:
            page = self.get(path, **query, cursor=cursor)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def upload(self, path: str, file: Path, form: Mapping[str, str], *, key: str, progress: Progress) -> Any:
        """POST a file. After a lost answer the request is repeated under `key`, so it is applied once."""
        content, kind = file.read_bytes(), CSV if file.suffix.lower() == ".csv" else XLSX
        headers = {"Idempotency-Key": f'"{key}"'}

        def request() -> requests.Request:
            files = {"file": (file.name, content, kind)}
            return requests.Request("POST", self._place.url + path, data=dict(form), files=files, headers=headers)

        return self._send(request, progress=progress).json()

    def download(self, path: str, to: BinaryIO) -> int:
        """Write the body to `to` and return its number of bytes. Raises Unreachable where it breaks off."""
        answer = self._send(lambda: requests.Request("GET", self._place.url + path), stream=True)
        written = 0
        try:
            for piece in answer.iter_content(PIECE_BYTES):
                written += to.write(piece)
        except requests.RequestException as error:
            raise self._unreachable(error) from error
        return written

    def _send(
        self, request: Callable[[], requests.Request], *, progress: Progress | None = None, stream: bool = False
    ) -> requests.Response:
        """Send until it is answered, at most ATTEMPTS times; `request` makes a new request each time, which is safe to repeat."""
        for attempt in range(1, ATTEMPTS + 1):
            is_last = attempt == ATTEMPTS
            try:
                answer = self._once(request(), progress=progress, stream=stream)
            except (requests.ConnectionError, requests.Timeout) as error:
                if is_last or attempt == 2:
                    raise self._unreachable(error) from error
                continue
            except requests.RequestException as error:
                raise self._unreachable(error) from error
            if answer.status_code == 401 and attempt == 1:
                self._token_until = 0.0
            elif answer.status_code in _LATER and not is_last:
                time.sleep(_pause(answer))
            elif answer.status_code >= 400:
                raise _failure(answer)
            else:
                return answer
        raise AssertionError("unreachable")

    def _once(self, request: requests.Request, *, progress: Progress | None, stream: bool) -> requests.Response:
        bearer = self._bearer()
        request.auth = lambda prepared: _with_authorization(prepared, bearer)
        prepared = self._session.prepare_request(request)
        if progress is not None and isinstance(prepared.body, bytes):
            prepared.body = _CountedBody(prepared.body, progress)
        settings = self._session.merge_environment_settings(prepared.url or "", {}, stream, None, None)
        return self._session.send(prepared, timeout=SECONDS, allow_redirects=False, **settings)

    def _bearer(self) -> str:
        if time.monotonic() > self._token_until:
            login = (self._place.client_id, self._place.client_secret)
            form = {"grant_type": "client_credentials"}
            answer = self._session.post(
                f"{self._place.url}/oauth/token", data=form, auth=login, timeout=SECONDS, allow_redirects=False
            )
            if answer.status_code in (400, 401):
                refused = Refused(
                    say("The gateway does not know this client, or its secret is wrong."), "invalid_client"
                )
                raise refused.hinting(say("What to do: {todo}", todo=say(_TODO[401])))
            if answer.status_code != 200:
                raise _failure(answer)
            granted = answer.json()
            self._token = granted["access_token"]
            self._token_until = time.monotonic() + granted["expires_in"] - 30
        return self._token

    def _unreachable(self, error: Exception) -> Unreachable:
        what = say("the gateway at {url}", url=self._place.url)
        why = say("no answer in time") if isinstance(error, requests.Timeout) else say("no connection")
        if isinstance(error, requests.exceptions.SSLError):
            why = say("its certificate is not trusted")
        elif isinstance(error, requests.exceptions.ChunkedEncodingError):
            why = say("the answer broke off")
        return Unreachable(say("{what} is not reachable: {why}", what=what, why=why))


class _CountedBody(io.BytesIO):
    """A body that reports how much of it has been read."""

    def __init__(self, content: bytes, progress: Progress) -> None:
        super().__init__(content)
        self._progress = progress

    def read(self, size: int | None = -1) -> bytes:
        """As BytesIO."""
        piece = super().read(size)
        self._progress(len(piece))
        return piece


def new_key() -> str:
    """A new idempotency key."""
    return str(uuid.uuid4())


def _with_authorization(prepared: requests.PreparedRequest, token: str) -> requests.PreparedRequest:
    prepared.headers["Authorization"] = f"Bearer {token}"
    return prepared


def _pause(answer: requests.Response) -> float:
    try:
        return min(LONGEST_PAUSE, max(0.1, float(answer.headers.get("Retry-After", 1))))
    except ValueError:
        return 1.0


def _failure(answer: requests.Response) -> Refused | Unreachable:
    """An answer of 400 and above: the problem's detail (RFC 9457) and code; its fields, what to do and its trace as hints."""
    try:
        problem = answer.json()
        detail, code = str(problem["detail"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):
        detail, code, problem = say("HTTP status {status}", status=answer.status_code), "http_error", {}
    fields = [(str(one.get("pointer", "#")), str(one.get("detail", ""))) for one in problem.get("errors", ())]
    todo = _what_to_do(answer)
    page, trace = str(problem.get("type", "")), str(problem.get("trace_id", ""))
    hints = [
        *(f"  {pointer}: {text}" for pointer, text in fields),
        say("What to do: {todo}", todo=todo),
        *([say("More: {page}", page=page)] if page.startswith("http") else []),
        *([f"trace {trace}"] if trace else []),
    ]
    details = {"fields": dict(fields), "what_to_do": todo, "trace_id": trace or None}
    made = (Unreachable if answer.status_code in _LATER else Refused)(f"{detail} ({code})", code)
    made.hinting(*hints, **details)
    return made


def _what_to_do(answer: requests.Response) -> str:
    if answer.status_code == 429:
        seconds = answer.headers.get("Retry-After", "60")
        return say("wait {seconds} s, then type the same command again.", seconds=seconds)
    if answer.status_code in _LATER:
        return say("type the same command again in a minute; with the same --key nothing is applied twice.")
    if answer.status_code >= 500:
        return say("tell the operators the trace; they find the cause with `trace`.")
    return say(_TODO.get(answer.status_code, _CORRECT))
