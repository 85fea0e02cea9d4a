"""What is not HTTP as it should be, or never ends: refused as a problem document too, and written into no log."""

from __future__ import annotations

import json
import select
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.local.throwaway import ThrowawayPlatform
from gateway.description.operations import Operation
from gateway.serving.body_limits import JSON_SECONDS
from tests.bad_input.routes import FORMS, WITH_BODY
from tests.support.api import Api, path_of

#: An invented number in the address: it must be in no log.
SECRET = "149901200001011234"
HOST = "Host: gateway.test\r\n"
CHUNKED = f"{HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"


class Raw:
    """Sends bytes and reads what comes back until the end."""

    def __init__(self, api: Api) -> None:
        address = urlsplit(api.url)
        self._address = (address.hostname, address.port)
        self._api = api
        self.bearer = self.bearer_for("")

    def bearer_for(self, path: str) -> str:
        """The header of the client that holds the scope of a path."""
        return f"Authorization: Bearer {self._api.client_for(path)._bearer()}\r\n"

    def send(self, text: str, *, drip: bool = False) -> tuple[int, dict[str, Any]]:
        """The answer; with `drip` a byte follows every half second until there is one."""
        with socket.create_connection(self._address, timeout=40) as line:
            line.sendall(text.encode("latin-1"))
            while drip and not select.select([line], [], [], 0.5)[0]:
                line.sendall(b" ")
            answer = b""
            while received := line.recv(65536):
                answer += received
                head, _, body = answer.partition(b"\r\n\r\n")
                if body and f"content-length: {len(body)}".encode() in head.lower():
                    break
        return int(head.split()[1]), json.loads(body)


@pytest.fixture(scope="module")
def raw(api: Api) -> Raw:
    return Raw(api)


@pytest.mark.parametrize(
    ("request_text", "status", "code"),
    [
        ("NONSENSE\r\n\r\n", 400, "malformed_request"),
        (f"GET /{'a' * 9000} HTTP/1.1\r\n{HOST}\r\n", 414, "uri_too_long"),
        (f"GET /v1/people?id_number={SECRET} HTTP/9.9\r\n{HOST}\r\n", 400, "malformed_request"),
        (f"GET / HTTP/1.1\r\n{HOST}X-Long: {'a' * 20_000}\r\n\r\n", 431, "headers_too_large"),
        (f"GET / HTTP/1.1\r\n{HOST}" + "".join(f"X-{n}: 1\r\n" for n in range(200)) + "\r\n", 431, "headers_too_large"),
        (f"GET / HTTP/1.1\r\n{HOST}bad header: {SECRET}\r\n\r\n", 400, "malformed_request"),
        (f"POST /oauth/token HTTP/1.1\r\n{HOST}Transfer-Encoding: br\r\n\r\n", 501, "transfer_coding"),
        (f"POST /oauth/token HTTP/1.1\r\n{HOST}Content-Length: -1\r\n\r\n", 400, "malformed_request"),
    ],
)
def test_what_is_no_request_is_refused_as_a_problem(raw: Raw, request_text: str, status: int, code: str) -> None:
    found, problem = raw.send(request_text)
    assert (found, problem["status"], problem["code"]) == (status, status, code)
    assert "。 " in problem["detail"]


def test_chunks_that_are_none_are_the_clients_fault(raw: Raw) -> None:
    for garbage in ("zz\r\n{}\r\n", "2\r\n{}XX0\r\n\r\n", "-2\r\n{}\r\n0\r\n\r\n"):
        status, problem = raw.send(f"POST /v1/organisations HTTP/1.1\r\n{CHUNKED}{raw.bearer}\r\n{garbage}")
        assert (status, problem["code"]) == (400, "malformed_request"), garbage


def test_every_body_that_drips_is_given_up_after_its_time(raw: Raw) -> None:
    slow = [one for one in WITH_BODY if one.name != "start_import"]  # an upload has minutes

    def drip(operation: Operation) -> tuple[int, str]:
        kind = FORMS.get(operation.name, "application/json")
        head = f"{operation.method} {path_of(operation)} HTTP/1.1\r\n{HOST}Content-Type: {kind}\r\n"
        bearer = raw.bearer_for(operation.path)
        begun = f'{head}Content-Length: 200000\r\nIf-Match: "v1"\r\n{bearer}\r\n{{'
        status, problem = raw.send(begun, drip=True)
        return status, problem["code"]

    started = time.monotonic()
    with ThreadPoolExecutor(len(slow)) as clients:
        found = dict(zip((one.name for one in slow), clients.map(drip, slow), strict=True))
    assert found == {one.name: (408, "body_too_slow") for one in slow}
    assert JSON_SECONDS - 1 < time.monotonic() - started < JSON_SECONDS + 15


def test_no_log_holds_the_query_of_a_request(raw: Raw, site: ThrowawayPlatform) -> None:
    raw.send(f"GET /v1/people?id_number={SECRET} HTTP/9.9\r\n{HOST}\r\n")
    log = (site.folder / "gateway.log").read_text(errors="replace")
    assert "unreadable request: InvalidHTTPVersion" in log
    assert SECRET not in log
