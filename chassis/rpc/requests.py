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
import time
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
from chassis.rpc.clocks import TICK_SECONDS, Clocks
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
        #: Requests with the instant, by the monotonic clock, at which their callers leave.
        self._waiting: deque[tuple[amqp.Message, float | None]] = deque()
        self._running = 0
        self._clocks = Clocks()

    def setup(self) -> None:
        self._workers = int(self.container.config["workers"][self.lane])
        metrics.workers_configured.labels(self.lane).set(self._workers)
        metrics.clock_skew.set_function(self._clocks.worst)

    def start(self) -> None:
        if self.entrypoints and self._thread is None:
            self.container.spawn_managed_thread(self._tick, identifier="clocks")
        super().start()

    def _tick(self) -> None:
        while not self.stopped.wait(TICK_SECONDS):
            self._clocks.tick()

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
        is_free = self._running < self._workers
        until = self._until(message, came_through=is_free)
        if is_free:
            self._running += 1
            self._start(message, until)
        else:
            self._waiting.append((message, until))

    def _until(self, message: amqp.Message, *, came_through: bool) -> float | None:
        """When the caller leaves, by the monotonic clock; None where it does not say."""
        properties = message.properties
        deadline = calls.deadline(properties.get("application_headers") or {})
        allowed = calls.allowance(properties)
        now = time.monotonic()
        if allowed is None:
            return None if deadline is None else now + deadline - time.time()
        if deadline is None:
            return now + allowed
        caller = str(properties.get("reply_to"))
        return now + self._clocks.seconds_left(caller, deadline, allowed, came_through=came_through)

    def _next(self) -> None:
        """A worker ended: give its place to the next request."""
        while self._waiting:
            message, until = self._waiting.popleft()
            if self.is_live(message):
                self._start(message, until)
                return
        self._running -= 1

    def _start(self, message: amqp.Message, until: float | None) -> None:
        try:
            self._spawn(message, until)
        except ContainerBeingKilled:
            self._next()
        except _Unanswerable as reason:
            metrics.rpc_dropped.labels(str(reason)).inc()
            self.ack(message)
            self._next()
        except Exception as error:
            self._end(message, None, error)

    def _spawn(self, message: amqp.Message, until: float | None) -> None:
        headers = message.properties.get("application_headers") or {}
        if not str(message.properties.get("reply_to") or "").startswith(calls.REPLY_TO):
            raise _Unanswerable("no_reply_to")
        if until is not None and until <= time.monotonic():
            raise _Unanswerable("expired")
        method = message.delivery_info["routing_key"].partition(".")[2]
        entrypoint = self._methods.get(method)
        if entrypoint is None:
            raise MethodNotFound(method)
        context = {name: headers[name] for name in _CARRIED if name in headers}
        context[calls.USER_ID] = message.properties.get("user_id")
        context[calls.UNTIL] = until
        handle_result = functools.partial(self._handle_result, message)
        self.container.spawn_worker(entrypoint, (), _read_fields(message), context, handle_result)

    def _handle_result(self, message: amqp.Message, worker_ctx: Any, result: Any, exc_info: Any) -> None:
        self._end(message, result, exc_info[1] if exc_info else None)

    def _end(self, message: amqp.Message, result: Any, error: BaseException | None) -> None:
        """Answer, whatever comes of it, and give the place to the next request."""
        try:
            self.answer(message, result, error)
        except Exception:
            # held for ever it would cost a place; given back it would be done again, and fail again
            log.exception("%s: its answer could not be sent", message.delivery_info["routing_key"])
            self.drop(message)
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
            text = to_json(body).encode()
        except (TypeError, ValueError, RecursionError) as unserializable:
            text = to_json({"result": None, "error": _error_body(unserializable, message)}).encode()
        try:
            self.wire.publish(
                message.channel,
                text,
                exchange="",
                routing_key=message.properties.get("reply_to", ""),
                content_type="application/json",
                content_encoding="utf-8",
                correlation_id=message.properties.get("correlation_id", ""),
                delivery_mode=1,
            )
        except CONNECTION_ERRORS as fault:
            self.break_connection(f"an answer could not be sent: {fault}")
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
