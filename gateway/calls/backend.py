"""Calls to the services: the context that goes along, and what the gateway does when an answer is lost.

Lives here: one retry under the same idempotency key, then 504. Not here: the wire (``chassis.rpc.client``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gevent
from flask import current_app, g

from chassis.rpc.calls import CallContext
from chassis.rpc.client import RemoteFailure, RpcClient, RpcTimeout
from contracts.language.refusals import Refusal
from gateway.calls import idempotency
from gateway.http.problems import Problem


class OutcomeUnknown(Problem):
    """No answer came, twice: the request may or may not have taken effect."""

    status = 504
    code = "outcome_unknown"
    zh = "未能在时限内得到结果，操作可能已生效，也可能未生效。请用同一 Idempotency-Key 重试。"
    en = "No answer came in time; the request may or may not have taken effect. Retry with the same Idempotency-Key."


class InternalError(Problem):
    """A service, or the gateway itself, failed in a way nobody foresaw."""

    status = 500
    code = "internal_error"
    zh = "系统内部错误，请提供 trace_id 以便排查。"
    en = "Internal error. Report the trace_id so that it can be found."


def command(service: str, method: str, fields: Mapping[str, Any], *, key: str | None = None) -> Any:
    """A write, under the client's idempotency key or one made here. Raises the service's Refusal, OutcomeUnknown."""
    return _caller()(service, method, fields, _context(key or idempotency.request_key()))


def query(service: str, method: str, fields: Mapping[str, Any]) -> Any:
    """A read. Raises the service's Refusal, OutcomeUnknown."""
    return _caller()(service, method, fields, _context(None))


def query_all(questions: Sequence[tuple[str, str, Mapping[str, Any]]]) -> list[Any]:
    """Several reads at once; in the place of an answer that did not come, the Refusal or Problem that says why."""
    call, context = _caller(), _context(None)

    def ask(question: tuple[str, str, Mapping[str, Any]]) -> Any:
        try:
            return call(*question, context)
        except (Refusal, Problem) as failure:
            return failure

    jobs = [gevent.spawn(ask, question) for question in questions]
    gevent.joinall(jobs)
    return [job.value for job in jobs]


def _context(key: str | None) -> CallContext:
    return CallContext(
        client_id=g.principal.client_id,
        department=g.principal.department,
        request_id=g.request_id,
        idempotency_key=key,
        traceparent=g.traceparent,
    )


def _caller() -> Callable[[str, str, Mapping[str, Any], CallContext], Any]:
    client: RpcClient = current_app.extensions["rpc"]
    seconds: float = current_app.config["CALL_SECONDS"]

    def call(service: str, method: str, fields: Mapping[str, Any], context: CallContext) -> Any:
        is_unknown = False
        for _ in range(2):
            try:
                return client.call(service, method, fields, context=context, timeout=seconds)
            except RpcTimeout:
                is_unknown = True
            except RemoteFailure:
                raise InternalError() from None
            except Refusal as refusal:
                if not is_unknown or not _says_nothing_of_the_first(refusal):
                    raise
        raise OutcomeUnknown(headers=_to_retry_under(context.idempotency_key))

    return call


def _says_nothing_of_the_first(refusal: Refusal) -> bool:
    """Whether the second attempt was not served, or met the first still at work: the first may take effect all the same."""
    return refusal.kind == "unavailable" or refusal.code == "chassis.request_in_progress"


def _to_retry_under(key: str | None) -> dict[str, str]:
    """A key made here is told to the client, which could not retry under it else; the parts of an upload share theirs."""
    made_here = {"Idempotency-Key": key.partition("/")[0]} if key and idempotency.is_made_here(key) else {}
    return {"Retry-After": "1", **made_here}
