"""A scan at a gate or a door: 201 for one that admits, 200 for the same one sent again, a problem for one that is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, g
from flask_smorest import Blueprint
from marshmallow import Schema

from contracts.language.refusals import Refusal
from gateway.calls import backend, owners
from gateway.calls.owners import Owner
from gateway.http import languages, problems, reading, records
from gateway.http.operations import mark_replayed, operation, respond


def scan(
    bp: Blueprint,
    path: str,
    scope: str,
    texts: tuple[str, str],
    call: str,
    request: type[Schema],
    answer: type[Schema],
    *,
    member: str,
    conflict: str,
    not_known: Sequence[Owner] = (),
    place: str | None = None,
) -> None:
    """``POST`` a scan. A refused one has its record too, as the member `member` of the problem: 409 where the code of the
    refusal is `conflict`, 403 otherwise. For a caller that is no device the service is told whether the organisation that the
    field `place` names trusts its department, which talent knows.
    """
    body = records.body_schema(request, "is_trusted")

    def view() -> Response:
        fields = reading.body_of(body)
        if place is not None and g.principal.type != "device":
            fields["is_trusted"] = _trusts_caller(fields[place])
        record = owners.command(call, fields, not_known)
        return _answered(record, member=member, conflict=conflict)

    view.__name__ = call.partition(".")[2]
    answers = {201: answer, 200: answer}
    operation(bp, "POST", path, scope=scope, summary=texts, body=body, answers=answers, problems=(409, 410))(view)


def _trusts_caller(organisation_id: str) -> bool:
    try:
        organisation = backend.query("talent.get_organisation", {"organisation_id": organisation_id})
    except Refusal as refusal:
        if refusal.kind != "not_found":
            raise
        return False
    return g.principal.department in organisation["trusted_departments"]


def _answered(record: dict[str, Any], *, member: str, conflict: str) -> Response:
    if record["outcome"] != "refused":
        was_sent_before = record["replayed"] or getattr(record, "replayed", False)
        return respond((record, 200 if was_sent_before else 201))
    reason = record["reason"]["zh-CN"], record["reason"]["en"]
    shown = {**record, "reason": languages.pick(*reason, languages.preferred())}
    status = 409 if record["code"] == conflict else 403
    return mark_replayed(
        problems.respond(status, record["code"], reason, extra={member: shown}, retryable=False), record
    )
