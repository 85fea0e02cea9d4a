"""The audit: all of it for auditors; for a person, who was shown or changed their data, when and why.

Each service has the rows of its own answers, and the gateway those of its clients and tokens; a page is the newest of them all,
so it is answered only when all of them answer. Who may see a row is decided by the service once more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, request
from flask_smorest import Blueprint
from marshmallow import fields, validate
from sqlalchemy.orm import sessionmaker

from chassis.ground import clock
from chassis.store import audit as rows
from chassis.store.work import Caller, open_reading
from contracts.audit import SERVICES, AuditEntry, AuditPage, ListAudit
from contracts.language.schema import DEFAULT_LIMIT, Schema, page_of
from gateway.auth import events
from gateway.calls import backend, reach
from gateway.http import lists
from gateway.http.operations import operation
from gateway.http.problems import Problem

blueprint = Blueprint("audit", __name__, description="审计 / Audit")
AUDIT, OWN = "audit:read", "people:read"
GATEWAY = "gateway"


class Entry(AuditEntry):
    """One answer that showed or changed personal data, or one event of a client, and where it is on record."""

    service = fields.String(required=True, validate=validate.OneOf((*SERVICES, GATEWAY)))


class Disclosure(Schema):
    """That a person's data was shown or changed: by whom, when, by which operation and why."""

    id = fields.UUID(required=True)
    at = AuditEntry._declared_fields["at"]
    service = fields.String(required=True, validate=validate.OneOf(SERVICES))
    client_id = fields.String(required=True)
    department = fields.String(required=True)
    operation = fields.String(required=True)
    purpose = AuditEntry._declared_fields["purpose"]
    by_oneself = fields.Boolean(required=True, metadata={"description": "Whether the person was who asked."})


class AuditQuery(ListAudit):
    person_id = fields.UUID()
    service = fields.String(validate=validate.OneOf((*SERVICES, GATEWAY)))


class PersonNotFound(Problem):
    """Whoever is not this person sees what they would see if nobody had the id."""

    status = 404
    code = "talent.person_not_found"
    zh = "未找到该人员。"
    en = "There is no such person."


QUERY = lists.query_schema(AuditQuery, "person_ids")
OF_A_PERSON = lists.query_schema(ListAudit, "person_ids", "client_id", "department")
EntryPage, DisclosurePage = page_of(Entry), page_of(Disclosure)


@operation(
    blueprint,
    "GET",
    "/v1/audit",
    scope=AUDIT,
    summary=("列出审计记录", "List the audit"),
    query=QUERY,
    answers={200: lists.page_schema(EntryPage)},
    headers=lists.HEADERS,
)
def list_audit() -> Response:
    """Newest first, of all services and the gateway, or of one. That it was read is in the audit too."""

    def read(sent: dict[str, Any]) -> Any:
        service = sent.pop("service", None)
        filters = {name: value for name, value in sent.items() if name != "after"}
        if (person_id := sent.pop("person_id", None)) is not None:
            sent["person_ids"] = [person_id]
        answer = _merged([service] if service else [*SERVICES, GATEWAY], sent)
        _note_reading(filters)
        return answer

    return lists.page_of("list_audit", QUERY, read)


@operation(
    blueprint,
    "GET",
    "/v1/people/<uuid:person_id>/disclosures",
    scope=OWN,
    summary=("查询谁看过我的数据", "List who was shown or changed my data"),
    query=OF_A_PERSON,
    answers={200: lists.page_schema(DisclosurePage)},
    headers=lists.HEADERS,
)
def list_disclosures(person_id: str) -> Response:
    """For the person alone, with a token for that person (RFC 8693); auditors ask ``GET /v1/audit?person_id=``."""
    oneself = g.principal.person_id

    def read(sent: dict[str, Any]) -> Any:
        ids = reach.ids_of_self(oneself) if oneself else []
        if sent.pop("person_id") not in ids:
            raise PersonNotFound()
        answer = _merged(SERVICES, {**sent, "person_ids": ids})
        themselves = {f"person:{one}" for one in ids}
        return answer | {"items": [_shown(one, themselves) for one in answer["items"]]}

    return lists.page_of("list_disclosures", OF_A_PERSON, read, person_id=person_id)


def _note_reading(asked: dict[str, Any]) -> None:
    person_id = UUID(asked["person_id"]) if "person_id" in asked else None
    where = {"request_id": g.request_id, "address": request.remote_addr, "detail": {"asked": asked}}
    with sessionmaker(current_app.extensions["database"]).begin() as session:
        events.of_principal(session, "audit_read", g.principal, now=clock.now(), person_id=person_id, **where)


def _merged(services: Sequence[str], sent: dict[str, Any]) -> dict[str, Any]:
    """The newest rows of several services, as one page. Raises what the first that does not answer refused."""
    limit = int(sent.get("limit", DEFAULT_LIMIT))
    asked = [service for service in services if service != GATEWAY]
    answers = dict(zip(asked, backend.query_all([(f"{one}.list_audit", sent) for one in asked]), strict=True))
    for answer in answers.values():
        if isinstance(answer, Exception):
            raise answer
    if GATEWAY in services:
        answers[GATEWAY] = _of_gateway(sent)
    found = [{**item, "service": service} for service, answer in answers.items() for item in answer["items"]]
    found.sort(key=lambda item: (dt.datetime.fromisoformat(item["at"]), item["id"]), reverse=True)
    has_more = len(found) > limit or any(answer["next_after"] for answer in answers.values())
    items = found[:limit]
    position = {"created_at": items[-1]["at"], "id": items[-1]["id"]} if has_more else None
    return {"items": items, "next_after": position}


def _of_gateway(sent: dict[str, Any]) -> Any:
    scopes: frozenset[str] = g.principal.scopes
    caller = Caller(g.principal.client_id, g.principal.department, g.request_id, trusted=True, scopes=scopes)
    with open_reading(current_app.extensions["database"], caller=caller) as work:
        return AuditPage().dump(rows.list_audit(work, **ListAudit().load(sent)))


def _shown(item: dict[str, Any], themselves: set[str]) -> dict[str, Any]:
    shown = {name: item[name] for name in Disclosure._declared_fields if name in item}
    return {**shown, "by_oneself": item["subject"] in themselves}
