"""Schemes, entitlements, passes and redemptions."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from contracts import perks as schemas
from contracts.language.refusals import Refusal
from gateway.calls import backend, owners
from gateway.http import lists, qr_codes, reading, records, scans
from gateway.http.operations import operation

blueprint = Blueprint(
    "perks", __name__, description="政策、权益、凭证、核销 / Schemes, entitlements, passes, redemptions"
)
READ, WRITE, REDEEM = "perks:read", "perks:write", "perks:redeem"

SCHEME = records.body_schema(schemas.SchemeBody)
ENTITLEMENTS = lists.query_schema(schemas.ListEntitlements)
SCAN = records.body_schema(schemas.RedeemPass)
REDEMPTIONS = lists.query_schema(schemas.ListRedemptions)


@operation(
    blueprint,
    "PUT",
    "/v1/schemes/<slug:key>",
    scope=WRITE,
    summary=("发布政策", "Publish a scheme"),
    body=SCHEME,
    answers={201: schemas.Scheme, 200: schemas.Scheme},
    problems=(409,),
)
def put_scheme(key: str) -> Response:
    return records.put("perks", "put_scheme", {"key": key}, SCHEME, read_by="get_scheme")


@operation(
    blueprint,
    "GET",
    "/v1/schemes/<slug:key>",
    scope=READ,
    summary=("读取政策", "Read a scheme"),
    answers={200: schemas.Scheme, 304: None},
)
def get_scheme(key: str) -> Response:
    return records.read("perks", "get_scheme", {"key": key})


@operation(
    blueprint,
    "GET",
    "/v1/schemes",
    scope=READ,
    summary=("列出政策", "List the schemes"),
    answers={200: schemas.Schemes},
)
def list_schemes() -> Any:
    return backend.query("perks", "list_schemes", {})


@operation(
    blueprint,
    "GET",
    "/v1/entitlements",
    scope=READ,
    summary=("列出权益", "List entitlements"),
    query=ENTITLEMENTS,
    answers={200: lists.page_schema(schemas.EntitlementPage)},
)
def list_entitlements() -> Response:
    return lists.page("perks", "list_entitlements", ENTITLEMENTS)


@operation(
    blueprint,
    "GET",
    "/v1/entitlements/<uuid:entitlement_id>",
    scope=READ,
    summary=("读取权益", "Read an entitlement"),
    answers={200: schemas.Entitlement, 304: None},
)
def get_entitlement(entitlement_id: str) -> Response:
    return records.read("perks", "get_entitlement", {"entitlement_id": entitlement_id})


@operation(
    blueprint,
    "GET",
    "/v1/entitlements/<uuid:entitlement_id>/pass",
    scope=READ,
    summary=("获取凭证（JSON 或二维码 SVG）", "Get the pass, as JSON or as a QR code in SVG"),
    answers={200: schemas.Pass},
    problems=(409,),
)
def get_pass(entitlement_id: str) -> Response:
    """The token bears the holder's masked name, which talent knows and perks does not (ADR 0007)."""
    entitlement = backend.query("perks", "get_entitlement", {"entitlement_id": entitlement_id})
    person = backend.query("talent", "get_person", {"person_id": entitlement["person_id"]})
    fields = {"entitlement_id": entitlement_id, "holder": person["name_masked"]}
    issued = backend.query("perks", "issue_pass", fields)
    return qr_codes.json_or_svg(issued)


@operation(
    blueprint,
    "POST",
    "/v1/redemptions",
    scope=REDEEM,
    summary=("核销凭证", "Redeem a pass"),
    body=SCAN,
    answers={201: schemas.Redemption, 200: schemas.Redemption},
    problems=(409, 410),
)
def redeem_pass() -> Response:
    scan = reading.body_of(SCAN)
    try:
        redemption = backend.command("perks", "redeem_pass", scan)
    except Refusal as refusal:
        if refusal.code == "perks.place_not_known":
            owners.raise_if_known("talent", "get_organisation", {"organisation_id": scan["place_id"]})
        raise
    return scans.answer(redemption, name="redemption", conflict="perks.limit_reached")


@operation(
    blueprint,
    "GET",
    "/v1/redemptions",
    scope=READ,
    summary=("列出核销记录", "List redemptions"),
    query=REDEMPTIONS,
    answers={200: lists.page_schema(schemas.RedemptionPage)},
)
def list_redemptions() -> Response:
    return lists.page("perks", "list_redemptions", REDEMPTIONS)


@operation(
    blueprint,
    "GET",
    "/v1/redemptions/<uuid:redemption_id>",
    scope=READ,
    summary=("读取核销记录", "Read a redemption"),
    answers={200: schemas.Redemption},
)
def get_redemption(redemption_id: str) -> Any:
    return backend.query("perks", "get_redemption", {"redemption_id": redemption_id})
