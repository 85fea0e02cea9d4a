"""Slow clients, as many as there are: they take places from one another, from nobody else."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from deploy.local.throwaway import ThrowawayPlatform, eventually
from gateway.serving.connections import HEAD_SECONDS
from tests.gateway.serving.conftest import at
from tests.support.api import Api

LIST = "/v1/organisations?limit=1"
NAME = "gateway-of-few-places"
PLACES = "60"
#: Several times the places, and less than a machine of tests minds. Whole requests cost it more than heads.
SLOW, SLOW_REQUESTS = 300, 90
#: The longest a client that is not slow waits, on a machine that others use too; less than HEAD_SECONDS free a place.
DEADLINE_SECONDS = 8.0
HEAD = b"GET /livez HTTP/1.1\r\nHost: gateway.test\r\nX-Slow: "
FORM = (
    b"POST /oauth/token HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 5000\r\n\r\ngrant_type="
)
#: Asks for more than fits into the buffers between, and takes nothing of it.
DEAF = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: gateway.test\r\n\r\n" * 2
#: How many come again at a time. Above some rate it is the work of greeting them that fills a worker, not their slowness.
COME_AGAIN = 20


class Crowd:
    """Connections that send `begun` and then a byte now and then; those that are closed come again."""

    def __init__(self, url: str, begun: bytes, count: int) -> None:
        parts = urlsplit(url)
        self._address, self._begun = (parts.hostname or "", parts.port or 0), begun
        self._lines: list[socket.socket] = []
        self._over = threading.Event()
        self.closed = 0
        for _ in range(count):
            self._come()
        self._thread = threading.Thread(target=self._drip, daemon=True)
        self._thread.start()

    def _come(self) -> None:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(5)
        line.connect(self._address)
        line.sendall(self._begun)
        line.settimeout(0.2)
        self._lines.append(line)

    def _drip(self) -> None:
        gone = 0
        while not self._over.wait(0.5):
            for line in list(self._lines):
                try:
                    line.sendall(b"a")
                except OSError:
                    self.closed, gone = self.closed + 1, gone + 1
                    self._lines.remove(line)
                    line.close()
            for _ in range(min(gone, COME_AGAIN)):
                with contextlib.suppress(OSError):
                    self._come()
                    gone -= 1

    def go(self) -> None:
        self._over.set()
        self._thread.join()
        for line in self._lines:
            line.close()


@pytest.fixture(scope="module")
def api(site: ThrowawayPlatform) -> Iterator[Api]:
    """A gateway with few places."""
    url = site.start_further_gateway(NAME, GATEWAY_CONNECTIONS=PLACES)
    yield at(url, site.client("school", "education"))
    site.stop(NAME)


@pytest.fixture
def crowds() -> Iterator[Callable[[str, bytes, int], Crowd]]:
    made: list[Crowd] = []

    def gather(url: str, begun: bytes, count: int) -> Crowd:
        made.append(Crowd(url, begun, count))
        return made[-1]

    yield gather
    for crowd in made:
        crowd.go()


def seconds_of(ask: Callable[[], object]) -> float:
    started = time.monotonic()
    ask()
    return time.monotonic() - started


def metric(site: ThrowawayPlatform, name: str) -> float:
    with urllib.request.urlopen(f"{site.health_url(NAME)}/metrics", timeout=DEADLINE_SECONDS) as answer:
        lines = answer.read().decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


def test_slow_clients_keep_nobody_else_from_an_answer(
    site: ThrowawayPlatform, api: Api, crowds: Callable[[str, bytes, int], Crowd]
) -> None:
    """Heads, forms of unknown clients, and answers nobody takes. Once 1,010 of the first stopped ``/livez``."""
    assert api.send("GET", LIST).status == 200
    for begun, count in ((HEAD, SLOW), (FORM, SLOW_REQUESTS), (DEAF, SLOW_REQUESTS)):
        crowd = crowds(api.url, begun, count)
        for _ in range(5):
            health = f"{site.health_url(NAME)}/readyz"
            assert seconds_of(lambda at=health: urllib.request.urlopen(at, timeout=20).read()) < DEADLINE_SECONDS
            answers = []
            assert seconds_of(lambda into=answers: into.append(api.send("GET", LIST).status)) < DEADLINE_SECONDS
            assert answers == [200]
        eventually(lambda one=crowd: one.closed > 0, what="a slow connection being closed for a newer one")
        crowd.go()
    assert metric(site, "youthcity_connections_displaced_total") >= SLOW - int(PLACES)
    log = (site.folder / f"{NAME}.log").read_text()
    assert "Traceback" not in log


def test_the_port_for_health_is_no_less_patient(
    site: ThrowawayPlatform, api: Api, crowds: Callable[[str, bytes, int], Crowd]
) -> None:
    crowds(site.health_url(NAME), HEAD, SLOW)
    url = f"{site.health_url(NAME)}/livez"
    assert seconds_of(lambda: urllib.request.urlopen(url, timeout=20).read()) < DEADLINE_SECONDS


def test_a_head_that_drips_is_refused_after_its_time_and_silence_is_ended_without_a_word(api: Api) -> None:
    started = time.monotonic()
    dripping, again, silent = (_line(api) for _ in range(3))
    dripping.sendall(b"GET /livez HTTP/1.1\r\n")
    again.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
    answers = {dripping: b"", again: again.recv(65536), silent: b""}
    again.sendall(b"GET /liv")
    left = set(answers)
    while left:
        assert time.monotonic() - started < HEAD_SECONDS + DEADLINE_SECONDS
        for line in select.select(left, [], [], 0.5)[0]:
            received = line.recv(65536)
            answers[line] += received
            if not received:
                left.remove(line)
                line.close()
        if time.monotonic() - started < HEAD_SECONDS - 3:  # what comes after the end would reset the connection
            dripping.sendall(b"X")
    assert time.monotonic() - started > HEAD_SECONDS - 1
    assert answers[silent] == b""
    assert answers[dripping].startswith(b"HTTP/1.1 408") and b"head_too_slow" in answers[dripping]
    assert answers[again].startswith(b"HTTP/1.1 200") and b"HTTP/1.1 408" in answers[again]


def _line(api: Api) -> socket.socket:
    parts = urlsplit(api.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5)
