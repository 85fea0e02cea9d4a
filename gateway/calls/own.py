"""Calls that the gateway answers itself, from its own records, under the promises of every other call: one shape in, one out, the
effect of a write once however often it is sent.

Lives here: running such a call. Not here: which there are (``gateway.reports.service``), and who calls (``backend``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from marshmallow import Schema, ValidationError
from sqlalchemy import Engine

from chassis.rpc.calls import CallContext
from chassis.rpc.client import Reply
from chassis.store import idempotency
from chassis.store.work import Caller, open_reading, open_work
from contracts.language.refusals import Invalid

NAME = "gateway"


class Call(NamedTuple):
    """A request, its answer, and the use case between them."""

    request: type[Schema]
    answer: type[Schema]
    use_case: Callable[..., Any]
    is_write: bool


Calls = Mapping[str, Call]


def query(request: type[Schema], answer: type[Schema], use_case: Callable[..., Any]) -> Call:
    """A read."""
    return Call(request, answer, use_case, is_write=False)


def command(request: type[Schema], answer: type[Schema], use_case: Callable[..., Any]) -> Call:
    """A write, done once for each idempotency key."""
    return Call(request, answer, use_case, is_write=True)


def run(engine: Engine, method: str, call: Call, fields: Mapping[str, Any], context: CallContext) -> Any:
    """The answer as JSON has it. Raises Invalid, the use case's refusals, CommitUnclear."""
    caller = Caller(
        context.client_id,
        context.department,
        context.request_id,
        context.idempotency_key,
        trusted=True,
        client_type=context.client_type,
        scopes=frozenset(context.scopes),
        subject=context.subject,
    )
    try:
        loaded = call.request().load(fields)
    except ValidationError as error:
        raise Invalid.of(error) from None
    if not call.is_write:
        with open_reading(engine, caller=caller) as work:
            return call.answer().dump(call.use_case(work, **loaded))
    with open_work(engine, caller=caller) as work:
        reply = idempotency.run(work, method, fields, lambda: call.answer().dump(call.use_case(work, **loaded)))
        is_replayed = work.replayed
    return Reply(reply, replayed=is_replayed)
