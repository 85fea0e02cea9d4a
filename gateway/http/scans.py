"""A scan at a gate or a door: 201 for one that admits, 200 for the same one sent again, a problem for one that is refused."""

from __future__ import annotations

from typing import Any

from flask import Response

from gateway.http import languages, problems
from gateway.http.operations import mark_replayed, respond


def answer(record: dict[str, Any], *, name: str, conflict: str) -> Response:
    """The answer to a scan. A refused one has its record too, as the member `name` of the problem: 409 where the code of the
    refusal is `conflict`, 403 else.
    """
    if record["outcome"] != "refused":
        was_sent_before = record["replayed"] or getattr(record, "replayed", False)
        return respond((record, 200 if was_sent_before else 201))
    reason = record["reason"]["zh-CN"], record["reason"]["en"]
    shown = {**record, "reason": languages.pick(*reason, languages.preferred())}
    status = 409 if record["code"] == conflict else 403
    return mark_replayed(problems.respond(status, record["code"], reason, extra={name: shown}, retryable=False), record)
