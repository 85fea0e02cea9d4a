"""The RPC client: one connection for all calls of a process, with deadlines that are kept.

Lives here: sending a request, matching its reply, and saying clearly what is known when no reply came. Imports neither
nameko nor eventlet, so the gateway can use it under gevent; works from plain threads too. Speaks nameko's own RPC format
(exchange ``nameko-rpc``, ``{"args", "kwargs"}`` in, ``{"result", "error"}`` out) with a direct reply-to.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
import weakref
from collections.abc import Mapping
from typing import Any

import amqp

from chassis.broker import topology
from chassis.broker.wire import CONNECTION_ERRORS, Wire, to_json, user_of
from chassis.ground import metrics
from chassis.rpc import calls
from chassis.rpc.presence import Presence
from contracts.language.refusals import Refusal

log = logging.getLogger(__name__)

BACKLOG_LIMIT = 1000
"""Requests that may wait in a service's queue. More would wait longer than their callers do."""
CONNECT_PAUSE_SECONDS = 0.25
SILENCE_SECONDS = 1.0
"""A timeout after less says nothing about the connection."""


class ServiceUnavailable(Refusal):
    """No process serves this request now; it was not started."""

    kind = "unavailable"
    code = "chassis.service_unavailable"
    zh = "服务“{service}”暂时不可用，请稍后重试。"
    en = "The service “{service}” is not available right now. Try again shortly."


class ServiceOverloaded(Refusal):
    """More requests wait for the service than it could answer in time; this one was not added to them."""

    kind = "unavailable"
    code = "chassis.service_overloaded"
    zh = "服务“{service}”排队请求过多，请稍后重试。"
    en = "Too many requests are waiting for the service “{service}”. Try again shortly."


class RpcTimeout(Exception):
    """No answer in time or the connection broke: whether the request took effect is unknown. Retry under the same key."""


class RemoteFailure(Exception):
    """The service failed in a way it did not foresee; its own log has the reason under the trace id."""


class Reply(dict[str, Any]):
    """An answer; `replayed` when it is the stored one of an earlier call under the same idempotency key."""

    def __init__(self, result: Mapping[str, Any], *, replayed: bool) -> None:
        super().__init__(result)
        self.replayed = replayed


class _Pending:
    __slots__ = ("answered", "failure", "reply", "service", "started", "wire")

    def __init__(self, service: str, wire: Wire) -> None:
        self.service = service
        self.wire = wire
        self.answered = threading.Event()
        self.reply: bytes | str | None = None
        self.failure: Exception | None = None
        self.started = time.monotonic()

    def fail(self, failure: Exception) -> None:
        self.failure = failure
        self.answered.set()


class RpcClient:
    """Calls services. Create it anywhere, even before a fork: it connects at the first call, and a child that inherits
    a connected one connects anew.

    :param user_id: the broker user this process logs in as; the broker refuses the message if it is not true, so the
        service can trust the caller named in the headers. Taken from the URI when not given.
    """

    def __init__(self, amqp_uri: str, *, name: str = "rpc-client", user_id: str | None = None) -> None:
        self._uri = amqp_uri
        self._name = name
        self._user_id = user_id or user_of(amqp_uri)
        self._begin_anew()
        _after_fork(self)

    def _begin_anew(self) -> None:
        """Hold no connection. What a child inherits is dropped without a word on it, for it is still its parent's; its
        threads and the holders of its locks stayed behind.
        """
        self._connecting = threading.Lock()
        self._wire: Wire | None = None
        self._channel: amqp.Channel | None = None
        self._pending: dict[str, _Pending] = {}
        self._replied_at: dict[str, float] = {}
        self._presence = Presence(self._uri, name=f"{self._name}.presence")
        self._retry_at = 0.0

    def call(
        self, service: str, method: str, fields: Mapping[str, Any], *, context: calls.CallContext, timeout: float
    ) -> Any:
        """The answer of the service's method.

        Raises the Refusal the service raised, ServiceUnavailable (not started), RpcTimeout (outcome unknown after
        `timeout` seconds or a broken connection), RemoteFailure (the service broke).
        """
        started = time.monotonic()
        outcome = "failed"
        try:
            result = self._call(service, method, fields, context, started + timeout)
            outcome = "answered"
            return result
        except Refusal:
            outcome = "refused"
            raise
        except RpcTimeout:
            outcome = "unknown"
            raise
        finally:
            metrics.rpc_client_seconds(service, method, outcome, time.monotonic() - started)

    def _call(
        self, service: str, method: str, fields: Mapping[str, Any], context: calls.CallContext, deadline: float
    ) -> Any:
        self._require_consumer(service, deadline)
        wire, channel = self._connected(service)
        correlation_id = calls.new_correlation_id()
        pending = self._pending[correlation_id] = _Pending(service, wire)
        left = deadline - time.monotonic()
        try:
            wire.publish(
                channel,
                to_json({"args": [], "kwargs": dict(fields)}),
                exchange=calls.RPC_EXCHANGE,
                routing_key=f"{service}.{method}",
                mandatory=True,
                content_type="application/json",
                reply_to=calls.REPLY_TO,
                correlation_id=correlation_id,
                delivery_mode=1,
                expiration=str(max(1, int(left * 1000))),
                user_id=self._user_id,
                application_headers=context.headers(timeout=left),
            )
            if not pending.answered.wait(left):
                self._doubt(pending)
                raise RpcTimeout(f"{service}.{method} did not answer in time")
        except CONNECTION_ERRORS as error:
            raise RpcTimeout(f"connection lost while calling {service}.{method}") from error
        finally:
            del self._pending[correlation_id]
            if wire is not self._wire:
                self._leave(wire)
        return _result_of(pending, service)

    def _require_consumer(self, service: str, deadline: float) -> None:
        try:
            queue = self._presence.of(service, deadline)
        except CONNECTION_ERRORS as error:
            log.warning("broker not reachable: %s", error)
            raise ServiceUnavailable(service=service, retry_after=2) from error
        if not queue.consumers:
            raise ServiceUnavailable(service=service, retry_after=2)
        if queue.messages > BACKLOG_LIMIT:
            raise ServiceOverloaded(service=service, retry_after=2)

    # -- connection

    def _connected(self, service: str) -> tuple[Wire, amqp.Channel]:
        wire, channel = self._wire, self._channel
        if wire is not None and channel is not None and wire.is_open and channel.is_open:
            return wire, channel
        with self._connecting:
            wire, channel = self._wire, self._channel
            if wire is not None and channel is not None and wire.is_open and channel.is_open:
                return wire, channel
            if time.monotonic() < self._retry_at:
                raise ServiceUnavailable(service=service, retry_after=1)
            try:
                return self._connect()
            except CONNECTION_ERRORS as error:
                self._retry_at = time.monotonic() + CONNECT_PAUSE_SECONDS
                log.warning("broker not reachable: %s", error)
                raise ServiceUnavailable(service=service, retry_after=2) from error

    def _connect(self) -> tuple[Wire, amqp.Channel]:
        with Wire(self._uri, name=self._name).closed_on_failure() as wire:
            channel = wire.connection.channel()
            channel.auto_decode = False
            topology.require_exchange(channel, calls.RPC_EXCHANGE)
            channel.basic_consume(calls.REPLY_TO, no_ack=True, callback=self._on_reply)
            channel.events["basic_return"].add(self._on_return)
            threading.Thread(target=self._read, args=(wire,), name=f"{self._name}.reader", daemon=True).start()
        self._replied_at = {}
        self._wire, self._channel = wire, channel
        return wire, channel

    def _read(self, wire: Wire) -> None:
        try:
            wire.read()
        except Exception as error:
            log.warning("connection to the broker lost: %s", error)
        finally:
            if self._wire is wire:
                self._wire = self._channel = None
            wire.close()
            for pending in list(self._pending.values()):
                if pending.wire is wire:
                    pending.fail(RpcTimeout("the connection to the broker was lost"))

    def _doubt(self, unanswered: _Pending) -> None:
        """Let later calls take a new connection where the service answered no request on this one since the request left.

        A channel opened while a cluster loses a node may hold on to a queue's leader that is gone: what it publishes to
        that queue goes nowhere, for ever and without an error (docs/cluster.md).
        """
        silent = self._replied_at.get(unanswered.service, 0.0) < unanswered.started
        waited = time.monotonic() - unanswered.started
        if silent and waited >= SILENCE_SECONDS and self._wire is unanswered.wire:
            self._wire = self._channel = None

    def _leave(self, wire: Wire) -> None:
        """Close a connection no call takes any more, once the last has left that waits on it."""
        if not any(pending.wire is wire for pending in list(self._pending.values())):
            threading.Thread(target=wire.close, name=f"{self._name}.closing", daemon=True).start()

    def _on_reply(self, message: Any) -> None:
        pending = self._pending.get(message.properties.get("correlation_id"))
        if pending is not None:
            if pending.wire is self._wire:
                self._replied_at[pending.service] = time.monotonic()
            pending.reply = message.body
            pending.answered.set()

    def _on_return(self, error: Any, exchange: str, routing_key: str, message: Any) -> None:
        pending = self._pending.get(message.properties.get("correlation_id"))
        if pending is not None:
            pending.fail(ServiceUnavailable(service=routing_key.partition(".")[0], retry_after=2))

    def ping(self) -> bool:
        """Whether the broker is connected or can be reached now."""
        try:
            self._connected("broker")
        except ServiceUnavailable:
            return False
        return True

    def close(self) -> None:
        """Close the connections; a later call connects again."""
        wire, self._wire, self._channel = self._wire, None, None
        if wire is not None:
            wire.close()
        self._presence.close()


def _after_fork(client: RpcClient) -> None:
    """Let `client` begin anew in every child of this process, as long as somebody holds it."""
    held = weakref.ref(client)

    def begin_anew() -> None:
        if (inherited := held()) is not None:
            inherited._begin_anew()

    os.register_at_fork(after_in_child=begin_anew)


def _result_of(pending: _Pending, service: str) -> Any:
    if pending.failure is not None:
        raise pending.failure
    try:
        answer = json.loads(pending.reply or b"")
    except ValueError as error:
        raise RemoteFailure(f"{service} sent an unreadable reply") from error
    wrong = answer.get("error")
    if wrong is None:
        result = answer.get("result")
        return Reply(result, replayed=bool(answer.get("replayed"))) if isinstance(result, dict) else result
    if wrong.get("refusal") is not None:
        raise Refusal.from_wire(wrong["refusal"])
    if wrong.get("exc_type") == calls.OUTCOME_UNKNOWN:
        raise RpcTimeout(f"{service} does not know what became of it")
    raise RemoteFailure(f"{service}: {wrong.get('exc_type')}")
