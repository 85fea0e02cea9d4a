"""Calls to the services: the context that goes along, and what the gateway does when an answer is lost.

Lives here: one retry, of a write under the same idempotency key, then 504. Not here: the wire (``chassis.rpc.client``), and the
calls the gateway answers itself (``own``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gevent
from flask import current_app, g, request
from sqlalchemy.exc import OperationalError

from chassis.rpc.calls import CallContext
from chassis.rpc.client import RemoteFailure, RpcClient, RpcTimeout
from chassis.store.database import CommitUnclear
from contracts.language.refusals import Refusal
from gateway.calls import idempotency, own
from gateway.http.problems import Problem


class OutcomeUnknown(Problem):
    """No answer came, twice: the request may or may not have taken effect."""

    status = 504
    code = "outcome_unknown"
    zh = "未能在时限内得到结果，操作可能已生效，也可能未生效。请用同一 Idempotency-Key 重试。"
    en = "No answer came in time; the request may or may not have taken effect. Retry with the same Idempotency-Key."


class NoAnswer(Problem):
    """No answer to a read came, twice. It changes nothing, so there is no outcome to know."""

    status = 504
    code = "no_answer"
    zh = "未能在时限内得到查询结果。查询不改变任何数据，请稍后重试。"
    en = "No answer to this query came in time. A query changes nothing: send it again shortly."


class InternalError(Problem):
    """A service, or the gateway itself, failed in an unforeseen way."""

    status = 500
    code = "internal_error"
    zh = "系统内部错误，请提供 trace_id 以便排查。"
    en = "Internal error. Report the trace_id so that it can be found."


def command(call: str, fields: Mapping[str, Any], *, key: str | None = None) -> Any:
    """A write, written "service.method", under the client's idempotency key or one made here.

    Raises the service's Refusal, OutcomeUnknown.
    """
    return _caller()(call, fields, _context(key or idempotency.request_key(), call))


def query(call: str, fields: Mapping[str, Any]) -> Any:
    """A read, written "service.method". Raises the service's Refusal, NoAnswer."""
    return _caller()(call, fields, _context(None, call))


def query_all(queries: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Any]:
    """Several reads at once; where one is not answered, the Refusal or Problem that says why stands in its place."""
    caller = _caller()

    def answer(call: str, fields: Mapping[str, Any], context: CallContext) -> Any:
        try:
            return caller(call, fields, context)
        except (Refusal, Problem) as failure:
            return failure
        except OperationalError:  # the gateway's own database
            return NoAnswer(headers={"Retry-After": "1"})

    jobs = [gevent.spawn(answer, *one, _context(None, one[0])) for one in queries]
    gevent.joinall(jobs)
    return [job.value for job in jobs]


def _context(key: str | None, call: str) -> CallContext:
    """Who calls, and what for: as the client stated it, else the operation that the call is but a part of."""
    operation = (request.endpoint or "").rpartition(".")[2]
    return CallContext(
        client_id=g.principal.client_id,
        department=g.principal.department,
        request_id=g.request_id,
        idempotency_key=key,
        traceparent=g.traceparent,
        client_type=g.principal.type,
        scopes=sorted(g.principal.scopes),
        subject=g.principal.subject,
        bound_to=g.principal.bound_to,
        purpose=g.principal.purpose or (operation if operation != call.partition(".")[2] else None),
    )


def _caller() -> Callable[[str, Mapping[str, Any], CallContext], Any]:
    client: RpcClient = current_app.extensions["rpc"]
    seconds: float = current_app.config["CALL_SECONDS"]
    database, own_calls = current_app.extensions["database"], current_app.extensions["own_calls"]

    def send(call: str, fields: Mapping[str, Any], context: CallContext) -> Any:
        service, _, method = call.partition(".")
        is_read, is_unknown = context.idempotency_key is None, False
        for _ in range(2):
            try:
                if service == own.NAME:
                    return own.run(database, method, own_calls[method], fields, context)
                return client.call(service, method, fields, context=context, timeout=seconds)
            except (RpcTimeout, CommitUnclear):
                is_unknown = True
            except RemoteFailure:
                raise InternalError() from None
            except Refusal as refusal:
                if is_read or not is_unknown or not _leaves_first_attempt_unknown(refusal):
                    raise
        if is_read:
            raise NoAnswer(headers={"Retry-After": "1"})
        raise OutcomeUnknown(headers=_to_retry_under(context.idempotency_key))

    return send


def _leaves_first_attempt_unknown(refusal: Refusal) -> bool:
    """Whether the second attempt was not served, or found the first still running: the first may still take effect."""
    return refusal.kind == "unavailable" or refusal.code == "chassis.request_in_progress"


def _to_retry_under(key: str | None) -> dict[str, str]:
    """Headers for a retry. A key made here is returned, as the client does not know it; the parts of an upload share theirs."""
    made_here = {"Idempotency-Key": key.partition("/")[0]} if key and idempotency.is_made_here(key) else {}
    return {"Retry-After": "1", **made_here}
