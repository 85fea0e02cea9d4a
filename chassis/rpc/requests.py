"""The rpc lane: requests off the broker, a worker for each, replies out on the connection they came by.

Lives here: reading a request, starting its worker, answering it. Not here: what a worker does with it (``rpc``). A request
that has expired is dropped, and one without a direct reply-to: a service answers nowhere else, so that no sender can choose what
it publishes to. One of a wrong shape is answered with its reason. None kills the process, as with stock nameko
(docs/hazards.md, 11, 12, 16, 17). Reply and acknowledgement leave in one write.
"""

from __future__ import annotations

import functools
import json
import logging
from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

import amqp
import eventlet
from nameko.exceptions import ContainerBeingKilled, MalformedRequest, MethodNotFound

from chassis.broker import topology
from chassis.broker.consumer import LaneConsumer, Subscription
from chassis.broker.wire import CONNECTION_ERRORS, to_json
from chassis.ground import lanes, metrics, tracing
from chassis.rpc import calls
from chassis.store.database import CommitUnclear
from contracts.language.refusals import Refusal

log = logging.getLogger(__name__)


class DeadlineExceeded(Refusal):
    """The work took longer than its caller would wait; it was rolled back."""

    kind = "unavailable"
    code = "chassis.deadline_exceeded"
    zh = "处理超时，本次操作已回滚，请重试。"
    en = "This took too long and was rolled back. Try again."


class Replayed(NamedTuple):
    """The stored reply of an earlier request under the same idempotency key."""

    reply: Any


_CARRIED = (
    calls.CLIENT,
    calls.DEPARTMENT,
    calls.REQUEST_ID,
    calls.IDEMPOTENCY_KEY,
    calls.DEADLINE,
    calls.TRACEPARENT,
    calls.CLIENT_TYPE,
    calls.SCOPES,
    calls.SUBJECT,
    calls.BOUND_TO,
    calls.PURPOSE,
)


class _Unanswerable(Exception):
    """Nobody waits for an answer to this request."""


class RequestConsumer(LaneConsumer):
    """The rpc lane: takes the service's requests and starts a worker for each."""

    lane = lanes.RPC

    def __init__(self) -> None:
        super().__init__()
        self._methods: dict[str, Any] = {}
        self._waiting: deque[amqp.Message] = deque()
        self._running = 0

    def setup(self) -> None:
        self._workers = int(self.container.config["workers"][self.lane])

    def register(self, entrypoint: Any) -> None:
        super().register(entrypoint)
        self._methods[entrypoint.method_name] = entrypoint

    def declare(self, channel: amqp.Channel) -> None:
        quorum = bool(self.container.config.get("quorum_requests"))
        topology.declare_requests(channel, self.container.service_name, quorum=quorum)

    def subscriptions(self) -> Iterable[Subscription]:
        # twice the workers: the next request is here when a worker comes free, without a round trip
        yield Subscription(calls.rpc_queue(self.container.service_name), 2 * self._workers, self._on_message)

    def connection_lost(self) -> None:
        self._waiting.clear()

    def _on_message(self, message: amqp.Message) -> None:
        if self._running < self._workers:
            self._running += 1
            self._start(message)
        else:
            self._waiting.append(message)

    def _next(self) -> None:
        """A worker ended: give its place to the next request."""
        while self._waiting:
            message = self._waiting.popleft()
            if self.is_live(message):
                self._start(message)
                return
        self._running -= 1

    def _start(self, message: amqp.Message) -> None:
        try:
            self._spawn(message)
        except ContainerBeingKilled:
            self._next()
        except _Unanswerable as reason:
            metrics.rpc_dropped.labels(str(reason)).inc()
            self.ack(message)
            self._next()
        except Exception as error:
            self.answer(message, None, error)
            self._next()

    def _spawn(self, message: amqp.Message) -> None:
        headers = message.properties.get("application_headers") or {}
        if not str(message.properties.get("reply_to") or "").startswith(calls.REPLY_TO):
            raise _Unanswerable("no_reply_to")
        left = calls.seconds_left(headers)
        if left is not None and left <= 0:
            raise _Unanswerable("expired")
        method = message.delivery_info["routing_key"].partition(".")[2]
        entrypoint = self._methods.get(method)
        if entrypoint is None:
            raise MethodNotFound(method)
        context = {name: headers[name] for name in _CARRIED if name in headers}
        context[calls.USER_ID] = message.properties.get("user_id")
        handle_result = functools.partial(self._handle_result, message)
        self.container.spawn_worker(entrypoint, (), _read_fields(message), context, handle_result)

    def _handle_result(self, message: amqp.Message, worker_ctx: Any, result: Any, exc_info: Any) -> None:
        try:
            self.answer(message, result, exc_info[1] if exc_info else None)
        finally:
            self._next()

    def answer(self, message: amqp.Message, result: Any, error: BaseException | None) -> None:
        """Reply, then acknowledge; both leave in one write. On a dead connection neither: the request comes again."""
        if not self.is_live(message) or self.wire is None:
            return
        body: dict[str, Any] = {"result": result, "error": None}
        if isinstance(result, Replayed):
            body = {"result": result.reply, "error": None, "replayed": True}
        if error is not None:
            body = {"result": None, "error": _error_body(error, message)}
        try:
            text = to_json(body)
        except (TypeError, ValueError) as unserializable:
            text = to_json({"result": None, "error": _error_body(unserializable, message)})
        try:
            self.wire.publish(
                message.channel,
                text,
                exchange="",
                routing_key=message.properties.get("reply_to", ""),
                content_type="application/json",
                correlation_id=message.properties.get("correlation_id", ""),
                delivery_mode=1,
            )
        except CONNECTION_ERRORS:
            return
        self.ack(message)


def _read_fields(message: amqp.Message) -> dict[str, Any]:
    if message.properties.get("content_type") != "application/json":
        raise MalformedRequest("content type must be application/json")
    try:
        body = json.loads(message.body)
        args, fields = body["args"], body["kwargs"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise MalformedRequest("the body must be JSON with `args` and `kwargs`") from None
    if args or not isinstance(fields, dict):
        raise MalformedRequest("arguments are given by name")
    return fields


def _error_body(error: BaseException, message: amqp.Message) -> dict[str, Any]:
    """The error in nameko's format; a refusal goes along as data, anything unforeseen without its internals."""
    if isinstance(error, eventlet.Timeout):
        error = DeadlineExceeded()
    if isinstance(error, CommitUnclear):
        log.warning("%s: the commit's outcome is not known", message.delivery_info["routing_key"])
        return _named(type(error), [], str(error)) | {"exc_type": calls.OUTCOME_UNKNOWN}
    if isinstance(error, Refusal):
        wire = error.to_wire()
        return _named(type(error), [wire["code"]], f"{wire['code']}: {wire['en']}") | {"refusal": wire}
    if isinstance(error, (MethodNotFound, MalformedRequest)):
        return _named(type(error), [str(error)], str(error))
    log.error("%s failed", message.delivery_info["routing_key"], exc_info=error)
    headers = message.properties.get("application_headers") or {}
    trace = tracing.trace_id(headers.get(calls.TRACEPARENT))
    return {
        "exc_type": "InternalError",
        "exc_path": "chassis.rpc.InternalError",
        "exc_args": [],
        "value": f"trace {trace}",
    }


def _named(kind: type, args: list[str], value: str) -> dict[str, Any]:
    return {
        "exc_type": kind.__name__,
        "exc_path": f"{kind.__module__}.{kind.__name__}",
        "exc_args": args,
        "value": value,
    }
