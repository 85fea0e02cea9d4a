"""Entitlements, and their passes."""

from __future__ import annotations

from flask import Response
from flask_smorest import Blueprint

from contracts.perks import entitlements as S
from contracts.perks.passes import Pass
from gateway.calls import backend, reach
from gateway.calls.reach import ListOf
from gateway.http import qr_codes, records
from gateway.http.operations import operation

blueprint = Blueprint("entitlements", __name__, description="权益、凭证 / Entitlements, passes")
READ, ISSUE = "entitlements:read", "passes:issue"

records.list_of(
    blueprint,
    "/v1/entitlements",
    READ,
    ("列出权益", "List entitlements"),
    "perks.list_entitlements",
    S.ListEntitlements,
    S.EntitlementPage,
    about=ListOf(),
)
records.get(
    blueprint,
    "/v1/entitlements/<uuid:entitlement_id>",
    READ,
    ("读取权益", "Read an entitlement"),
    "perks.get_entitlement",
    S.GetEntitlement,
    S.Entitlement,
    reaches="person_id",
)


@operation(
    blueprint,
    "GET",
    "/v1/entitlements/<uuid:entitlement_id>/pass",
    scope=ISSUE,
    summary=("获取凭证（JSON 或二维码 SVG）", "Get the pass, as JSON or as a QR code in SVG"),
    answers={200: Pass},
    media=(qr_codes.SVG,),
    headers=qr_codes.HEADERS,
    problems=(409,),
)
def get_pass(entitlement_id: str) -> Response:
    """The token bears the holder's masked name, which talent knows and perks does not (ADR 0007)."""
    key = {"entitlement_id": entitlement_id}
    person = reach.person(backend.query("perks.get_entitlement", key)["person_id"])
    if person is None:
        reach.refuse("perks.get_entitlement", key)
    return qr_codes.json_or_svg(backend.query("perks.issue_pass", {**key, "holder": person["name_masked"]}))
