"""One AMQP connection: a coalescing writer, one reader, heartbeats and a clean close.

Lives here: what every AMQP user of the chassis shares (lanes, relay, RPC client). Not here: queues, retries, RPC.
Works the same under eventlet, gevent and plain threads, because it uses nothing but ``threading`` and sockets.

Why not kombu's own publish and consume loop, measured on the RPC path:

* py-amqp reads a frame with three small ``recv`` calls and a delivery is three frames; here one ``recv`` takes all that is there;
* py-amqp's ``basic_publish`` polls the socket before each publish, in whichever greenlet publishes, so two
  greenlets read one socket; here only the reader reads;
* each reply and each acknowledgement is a ``send`` of its own; here those of one turn of the hub leave together.
"""

from __future__ import annotations

import contextlib
import json
import logging
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import amqp
from amqp import spec
from amqp.exceptions import AMQPError, RecoverableConnectionError
from kombu.utils.url import parse_url

from chassis.broker import frames

log = logging.getLogger(__name__)

#: What a broken, refused or closed connection raises.
CONNECTION_ERRORS: tuple[type[BaseException], ...] = (OSError, AMQPError)

READ_SIZE = 16 * 1024
SETUP_TIMEOUT = 5.0
READER_SECONDS = 0.5
WRITE_LIMIT_BYTES = 64 * 1024 * 1024


class WireBlocked(OSError):
    """The broker takes no more bytes (frozen, or out of memory) and the write buffer is full."""


class Wire:
    """An open AMQP connection.

    Open channels and declare things first (synchronous, each step bounded by SETUP_TIMEOUT), then give the
    connection to one reader: ``read`` for ever, or ``read_until`` for a while. ``publish`` and ``ack`` may then be
    called from any greenlet or thread; they only append to the write buffer.
    """

    def __init__(self, uri: str, *, name: str, heartbeat: int = 20, connect_timeout: float = 4.0) -> None:
        self._outgoing: deque[bytes] = deque()
        self._outgoing_bytes = 0
        self._wake = threading.Event()
        self._closing = False
        self._reader: int | None = None
        self.connection = _connect(uri, name, heartbeat, connect_timeout)
        with self.closed_on_failure():
            self.connection.transport.sock.settimeout(SETUP_TIMEOUT)
            self._take_over_socket()
            self._spawn(self._write_loop, f"{name}.writer")
            if self.connection.heartbeat:
                self._spawn(self._heartbeat_loop, f"{name}.heartbeat")

    @contextlib.contextmanager
    def closed_on_failure(self) -> Iterator[Wire]:
        """The connection for a block that sets it up: closed where the block raises, for then nobody has it to close."""
        try:
            yield self
        except BaseException:
            self.close()
            raise

    def _spawn(self, loop: Callable[[], None], name: str) -> None:
        threading.Thread(target=loop, name=name, daemon=True).start()

    def _take_over_socket(self) -> None:
        transport = self.connection.transport
        receive = transport._quick_recv
        transport._quick_recv = lambda wanted: receive(max(wanted, READ_SIZE))
        self._send_all = transport._write
        transport._write = self._buffer

    # -- writing

    def _buffer(self, data: bytes | memoryview) -> None:
        if self._outgoing_bytes > WRITE_LIMIT_BYTES:
            raise WireBlocked("the broker accepts no more bytes")
        chunk = bytes(data)
        self._outgoing.append(chunk)
        self._outgoing_bytes += len(chunk)
        if not self._wake.is_set():
            self._wake.set()

    def _write_loop(self) -> None:
        outgoing = self._outgoing
        while True:
            self._wake.wait()
            self._wake.clear()
            chunks = []
            while outgoing:
                chunks.append(outgoing.popleft())
            if chunks:
                data = b"".join(chunks)
                try:
                    self._send_all(data)
                except OSError:
                    self._break()
                    return
                self._outgoing_bytes -= len(data)
            elif self._closing:
                return

    def publish(
        self,
        channel: amqp.Channel,
        body: str | bytes,
        *,
        exchange: str,
        routing_key: str,
        mandatory: bool = False,
        **properties: Any,
    ) -> None:
        """Queue one message for writing; it is on the wire after this turn of the hub."""
        if isinstance(body, str):
            body = body.encode()
            properties.setdefault("content_encoding", "utf-8")
        frame_max: int = self.connection.frame_max
        to = (exchange, routing_key)
        _send(
            channel,
            frames.message(channel.channel_id, to, body, properties, mandatory=mandatory, frame_max=frame_max),
        )

    @staticmethod
    def ack(channel: amqp.Channel, delivery_tag: int) -> None:
        """Queue one acknowledgement for writing."""
        _send(channel, frames.ack(channel.channel_id, delivery_tag))

    # -- reading

    def read(self) -> None:
        """Dispatch frames until the connection ends. Returns after ``close``, raises one of CONNECTION_ERRORS else."""
        self.connection.transport.sock.settimeout(None)
        self._reader = threading.get_ident()
        try:
            while self.is_open:
                self._read_one()
        except CONNECTION_ERRORS:
            if not self._closing:
                raise
        finally:
            self._reader = None

    def read_until(self, done: Callable[[], bool], *, timeout: float) -> bool:
        """Dispatch frames until `done()`; False when `timeout` seconds pass first."""
        deadline = time.monotonic() + timeout
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.connection.transport.sock.settimeout(left)
            try:
                self._read_one()
            except TimeoutError:
                return done()
        return True

    def _read_one(self) -> None:
        connection = self.connection
        if not self.is_open:
            raise OSError("the AMQP connection is closed")
        connection.on_inbound_frame(connection.transport.read_frame())

    # -- ending

    @property
    def is_open(self) -> bool:
        return bool(self.connection.channels is not None and self.connection.transport.connected)

    def _heartbeat_loop(self) -> None:
        pause = max(1.0, self.connection.heartbeat / 4)
        stopped = threading.Event()
        while not self._closing and self.is_open:
            stopped.wait(pause)
            try:
                if self.is_open:
                    self.connection.heartbeat_tick()
            except CONNECTION_ERRORS as error:
                log.warning("broker heartbeat missed, dropping the connection: %s", error)
                self._break()

    def _break(self) -> None:
        """Shut the socket, so that the reader wakes with an error."""
        transport = self.connection._transport
        if transport is not None and transport.sock is not None:
            with contextlib.suppress(OSError):
                transport.sock.shutdown(socket.SHUT_RDWR)

    def close(self, *, timeout: float = 1.0) -> None:
        """Say goodbye and free the socket; never waits much longer than `timeout` seconds, never raises."""
        if not self._closing and self.is_open:
            with contextlib.suppress(*CONNECTION_ERRORS):
                self.connection.send_method(spec.Connection.Close, "BsBB", (0, "", 0, 0))
        self._closing = True
        self._wake.set()
        deadline = time.monotonic() + timeout
        pause = threading.Event()
        while self._outgoing and time.monotonic() < deadline:
            pause.wait(0.01)
        self._break()
        # eventlet never wakes who waits for a socket that is gone: the reader leaves first
        deadline = time.monotonic() + READER_SECONDS
        while self._reader not in (None, threading.get_ident()) and time.monotonic() < deadline:
            pause.wait(0.005)
        with contextlib.suppress(Exception):
            self.connection.collect()


def _send(channel: amqp.Channel, data: bytes) -> None:
    connection = channel.connection
    if connection is None:
        raise RecoverableConnectionError("the channel is closed")
    connection.bytes_sent += 1
    connection.transport.write(data)


def _connect(uri: str, name: str, heartbeat: int, timeout: float) -> amqp.Connection:
    """A connection to the first node that answers, of the several `uri` may name with ";" between them.

    Begins with any of them, so that connections spread over a cluster. A node that stands still may use up its share of
    `timeout` seconds and no more. Raises what the last one raised.
    """
    nodes = uri.split(";")
    random.shuffle(nodes)
    deadline = time.monotonic() + timeout
    while True:
        share = max(0.1, deadline - time.monotonic()) / len(nodes)
        try:
            return _open(nodes.pop(), name, heartbeat, share)
        except CONNECTION_ERRORS as error:
            if not nodes:
                raise
            log.info("a broker node does not answer, trying another: %s", error)


def _open(node: str, name: str, heartbeat: int, timeout: float) -> amqp.Connection:
    address, tls = _with_tls(node)
    parts = parse_url(address)
    host, port = parts["hostname"] or "127.0.0.1", parts["port"] or (5671 if tls else 5672)
    connection = amqp.Connection(
        host=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        userid=parts["userid"] or "guest",
        password=parts["password"] or "guest",
        login_method="PLAIN",
        virtual_host=parts["virtual_host"] or "/",
        ssl=tls,
        connect_timeout=timeout,
        heartbeat=heartbeat,
        client_properties={"connection_name": name},
    )
    try:
        connection.connect()
    except BaseException:  # py-amqp lets go of the socket after an OSError, and of none a broker refuses
        connection.collect()
        raise
    return connection


def _with_tls(uri: str) -> tuple[str, dict[str, Any] | bool]:
    """The address without its query, and py-amqp's options for TLS: ``amqps`` always verifies, against the CA of RabbitMQ's
    own parameter ``cacertfile`` or the system's.
    """
    parts = urlsplit(uri)
    if parts.scheme != "amqps":
        return uri, False
    ca_file = dict(parse_qsl(parts.query)).get("cacertfile")
    context = {"check_hostname": True, **({"cafile": ca_file} if ca_file else {})}
    return urlunsplit(parts._replace(query="")), {"server_hostname": parts.hostname, "context": context}


def user_of(uri: str) -> str:
    """The broker user an AMQP URI logs in as; of several nodes, the same on each."""
    return str(parse_url(uri.split(";")[0]).get("userid") or "guest")


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def to_json(value: Any) -> str:
    """The JSON text every message body of the platform uses: compact, UTF-8, no NaN."""
    return _JSON.encode(value)
