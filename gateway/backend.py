"""Calls to the services: the context that goes along, and what the gateway does when an answer is lost.

Lives here: one retry under the same idempotency key, then 504. Not here: the wire (``chassis.rpc_client``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app, g

from chassis.calls import CallContext
from chassis.rpc_client import RemoteFailure, RpcClient, RpcTimeout
from gateway import idempotency
from gateway.problems import Problem


class OutcomeUnknown(Problem):
    """No answer came, twice: the request may or may not have taken effect."""

    status = 504
    code = "outcome_unknown"
    zh = "未能在时限内得到结果，操作可能已生效，也可能未生效。请用同一 Idempotency-Key 重试。"
    en = "No answer came in time; the request may or may not have taken effect. Retry with the same Idempotency-Key."


class ServiceBroken(Problem):
    """A service failed in a way it did not foresee."""

    status = 500
    code = "internal_error"
    zh = "系统内部错误，请提供 trace_id 以便排查。"
    en = "Internal error. Report the trace_id so that it can be found."


def command(service: str, method: str, fields: Mapping[str, Any], *, key: str | None = None) -> Any:
    """A write, under the client's idempotency key or one made here. Raises the service's Refusal, OutcomeUnknown."""
    return _call(service, method, fields, key or idempotency.request_key())


def query(service: str, method: str, fields: Mapping[str, Any]) -> Any:
    """A read. Raises the service's Refusal, OutcomeUnknown."""
    return _call(service, method, fields, None)


def _call(service: str, method: str, fields: Mapping[str, Any], key: str | None) -> Any:
    client: RpcClient = current_app.extensions["rpc"]
    seconds: float = current_app.config["CALL_SECONDS"]
    context = CallContext(
        client_id=g.principal.client_id,
        department=g.principal.department,
        request_id=g.request_id,
        idempotency_key=key,
        traceparent=g.traceparent,
    )
    try:
        return client.call(service, method, fields, context=context, timeout=seconds)
    except RpcTimeout:
        g.retried = True
    except RemoteFailure:
        raise ServiceBroken() from None
    try:
        return client.call(service, method, fields, context=context, timeout=seconds)
    except RpcTimeout:
        raise OutcomeUnknown() from None
    except RemoteFailure:
        raise ServiceBroken() from None
