"""A TCP proxy that does to a connection what a bad day does: freezes, refuses, cuts, loses a publisher confirm.

Put it in front of a server and give the process under test its port. Not here: the servers, and what is tested.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
from urllib.parse import urlsplit, urlunsplit

CHUNK = 64 * 1024
#: A basic.ack that a broker sends is a publisher confirm: type 1, channel, 13 bytes of class 60 method 80, frame end.
_CONFIRM = re.compile(rb"\x01..\x00\x00\x00\x0d\x00\x3c\x00\x50.{9}\xce", re.DOTALL)
#: Closing with this option resets the connection, as a server that dies does.
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """A listener on a free port of loopback; every connection is passed on to ``host:port``. With `tls` it speaks TLS to
    clients, and not to the server.
    """

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> None:
        self._target, self._tls = (host, port), tls
        self._moving = threading.Event()
        self._moving.set()
        self._change = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._forgotten: set[socket.socket] = set()
        self._confirms_to_lose = 0
        self.confirms_lost = 0
        self._listener: socket.socket | None = None
        self.port = 0
        self.allow()

    def uri(self, uri: str) -> str:
        """`uri` with this proxy in place of its server."""
        parts = urlsplit(uri)
        login = parts.netloc.rpartition("@")[0]
        return urlunsplit(
            parts._replace(netloc=f"{login}@127.0.0.1:{self.port}" if login else f"127.0.0.1:{self.port}")
        )

    # -- what can happen

    def freeze(self) -> None:
        """Keep every connection open and move no byte, of new connections neither."""
        self._moving.clear()

    def thaw(self) -> None:
        """Move everything that waits."""
        self._moving.set()

    def forget(self) -> None:
        """Keep the connections there are open and lose every byte of them, as a firewall does that has forgotten them; new
        ones work.
        """
        with self._change:
            self._forgotten |= {one for pair in self._pairs for one in pair}

    def cut(self) -> None:
        """Reset all connections there are; new ones are welcome."""
        with self._change:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for one in pair:
                _reset(one)

    def refuse(self) -> None:
        """Take no new connection; those there are stay."""
        with self._change:
            listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            listener.close()

    def allow(self) -> None:
        """Take connections (again), on the same port as before."""
        with self._change:
            if self._listener is not None:
                return
            listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
            self.port = int(listener.getsockname()[1])
            self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def lose_confirms(self, count: int) -> None:
        """Let the next `count` publisher confirms of an AMQP broker disappear; `confirms_lost` says how many have."""
        self._confirms_to_lose = count

    def close(self) -> None:
        """End it, connections and all."""
        self.refuse()
        self.thaw()
        self.cut()

    # -- passing on

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                if self._tls is not None:
                    client = self._tls.wrap_socket(client, server_side=True)
                server = socket.create_connection(self._target, timeout=5)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            with self._change:
                self._pairs.append((client, server))
            threading.Thread(target=self._pass_on, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(server, client, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        try:
            while data := source.recv(CHUNK):
                self._moving.wait()
                if source in self._forgotten:
                    continue
                target.sendall(self._without_confirms(data) if is_answer else data)
        except OSError:
            pass
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _without_confirms(self, data: bytes) -> bytes:
        with self._change:
            if not self._confirms_to_lose:
                return data
            data, lost = _CONFIRM.subn(b"", data, count=self._confirms_to_lose)
            self._confirms_to_lose -= lost
            self.confirms_lost += lost
        return data


def _reset(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
