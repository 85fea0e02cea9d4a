"""An id a service has not received yet: the gateway queries the service that owns it (architecture, "Decisions").

Lives here: which refusal stands for which owner, declared with the route, and what is answered then. Not here: the calls
themselves (``backend``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from contracts.language.refusals import Refusal
from gateway.calls import backend
from gateway.http.problems import Problem


class Owner(NamedTuple):
    """Who knows the id that a refusal is about.

    `code` is the refusal's, `query` reads the record at its owner (``talent.get_person``) by its parameter `parameter`; the id is
    the request's `field`, or the refusal's parameter of that name.
    """

    code: str
    query: str
    parameter: str
    field: str


class NotYetKnown(Problem):
    """The owner knows this id; the service that was called has not received it yet."""

    status = 409
    code = "not_yet_known"
    zh = "该记录刚刚登记，尚未同步，请稍后重试。"
    en = "This record is so new that it has not arrived here yet. Try again in a second."
    retryable = True


def command(call: str, fields: Mapping[str, Any], owners: Sequence[Owner]) -> Any:
    """``backend.command``; a refusal that one of `owners` names becomes NotYetKnown where that owner knows the id."""
    try:
        return backend.command(call, fields)
    except Refusal as refusal:
        for owner in owners:
            if refusal.code == owner.code:
                known = refusal.params.get(owner.field, fields.get(owner.field))
                _raise_if_known(owner.query, {owner.parameter: known})
        raise


def _raise_if_known(query: str, fields: dict[str, Any]) -> None:
    try:
        backend.query(query, fields)
    except Refusal as refusal:
        if refusal.kind == "not_found":
            return
        raise
    raise NotYetKnown(headers={"Retry-After": "1"})
