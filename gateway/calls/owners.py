"""An id a service has not heard of yet: the gateway asks the service that owns it (architecture, "Decisions")."""

from __future__ import annotations

from typing import Any

from contracts.language.refusals import Refusal
from gateway.calls import backend
from gateway.http.problems import Problem


class NotYetKnown(Problem):
    """The owner knows this id; the service asked has not heard of it yet."""

    status = 409
    code = "not_yet_known"
    zh = "该记录刚刚登记，尚未同步，请稍后重试。"
    en = "This record is so new that it has not arrived here yet. Try again in a second."
    retryable = True


def raise_if_known(service: str, method: str, fields: dict[str, Any]) -> None:
    """Ask the owner of an id another service has not heard of. Raises NotYetKnown where the owner knows it."""
    try:
        backend.query(service, method, fields)
    except Refusal as refusal:
        if refusal.kind == "not_found":
            return
        raise
    raise NotYetKnown(headers={"Retry-After": "1"})
