"""The connections of a worker: how long a client is waited for, and who has to go when every place is taken.

A place is cheap while its client is silent, and a worker has a limited number of them. When they are all taken, a newcomer
gets that of whoever has been waited for longest: for a request's head, for the next request, or to take an answer. So slow
connections, however many, take places from one another alone. A request that is being worked on never loses its place.

Imports gevent and nothing of ours: gunicorn reads it before the standard library is patched.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from gevent import socket

#: From the first byte of a request to the end of its head; and to the first byte of a new connection.
HEAD_SECONDS = 10.0

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class HeadTooSlow(BaseException):
    """The head of a request did not arrive in time."""


class Displaced(BaseException):
    """The connection makes place for a newer one."""


class Connections:
    """The open connections of a listener, at most `limit` of them where somebody can be displaced."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open = 0
        self._waiting: OrderedDict[gevent.Greenlet, None] = OrderedDict()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A place for the connection of this greenlet, displacing another where there is none left."""
        own = gevent.getcurrent()
        _of[own] = self
        self._open += 1
        self._waiting[own] = None
        if self._open > self._limit:
            # in the hub, where everybody who is waited for stands still
            gevent.get_hub().loop.run_callback(self._displace, own)
        try:
            yield
        finally:
            self._open -= 1
            self._waiting.pop(own, None)
            del _of[own]

    def _displace(self, newcomer: gevent.Greenlet) -> None:
        if self._open <= self._limit:
            return
        longest = next((one for one in self._waiting if one is not newcomer), None)
        if longest is not None:
            del self._waiting[longest]
            longest.throw(Displaced())

    def begin_waiting(self, own: gevent.Greenlet) -> None:
        self._waiting[own] = None

    def end_waiting(self, own: gevent.Greenlet) -> None:
        self._waiting.pop(own, None)


#: The greenlet of an open connection → the connections it is one of.
_of: dict[gevent.Greenlet, Connections] = {}


@contextmanager
def waiting() -> Iterator[None]:
    """While an application reads from a client it does not know: the connection may be displaced."""
    own = gevent.getcurrent()
    among = _of.get(own)
    if among is not None:
        among.begin_waiting(own)
    try:
        yield
    finally:
        if among is not None:
            among.end_waiting(own)


def kept_while_working(application: Application) -> Application:
    """The application, whose connection is not displaced from a request's head to the first byte of its answer."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        own = gevent.getcurrent()
        among = _of.get(own)
        if among is None:
            return application(environ, start_response)
        among.end_waiting(own)
        try:
            return application(environ, start_response)
        finally:
            among.begin_waiting(own)

    return serve


class Client(socket.socket):  # type: ignore[misc]
    """A client's socket that says when bytes arrive."""

    arrival: Arrival | None = None
    requests = 0

    @classmethod
    def taken_over(cls, accepted: socket.socket) -> Client:
        """The same connection; `accepted` is closed."""
        return cls(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())

    def recv(self, *arguments: Any) -> bytes:
        received: bytes = super().recv(*arguments)
        if self.arrival is not None and received:
            self.arrival.begin()
        return received


class Arrival:
    """Wait for the head of a request: `idle_seconds` for its first byte, HEAD_SECONDS from there to its end.

    Raises HeadTooSlow; a client that sends nothing just ends the block. The first byte is the first that is received here: one
    that came along with the request before gives its client no less than `idle_seconds`.
    """

    def __init__(self, client: Client, idle_seconds: float) -> None:
        self._client = client
        # a new connection is opened to send something
        self._timeout = gevent.Timeout(idle_seconds if client.requests else HEAD_SECONDS)
        self._has_begun = False

    def __enter__(self) -> None:
        self._client.arrival = self
        self._timeout.start()

    def begin(self) -> None:
        """The first byte is there."""
        if not self._has_begun:
            self._has_begun = True
            self._timeout.close()
            self._timeout = gevent.Timeout.start_new(HEAD_SECONDS, HeadTooSlow())

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        self._client.arrival = None
        self._client.requests += 1
        self._timeout.close()
        return error is self._timeout
