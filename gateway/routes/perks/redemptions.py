"""Redemptions at the gate."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.perks import redemptions as S
from gateway.calls.owners import Owner
from gateway.calls.reach import ListOf
from gateway.http import records, scans

blueprint = Blueprint("redemptions", __name__, description="核销 / Redemptions")
READ, SCAN = "redemptions:read", "redemptions:scan"

scans.scan(
    blueprint,
    "/v1/redemptions",
    SCAN,
    ("核销凭证", "Redeem a pass"),
    "perks.redeem_pass",
    S.RedeemPass,
    S.Redemption,
    member="redemption",
    conflict="perks.limit_reached",
    not_known=(Owner("perks.place_not_known", "talent.get_organisation", "organisation_id", "place_id"),),
    place="place_id",
)
records.list_of(
    blueprint,
    "/v1/redemptions",
    READ,
    ("列出核销记录", "List redemptions"),
    "perks.list_redemptions",
    S.ListRedemptions,
    S.RedemptionPage,
    about=ListOf(is_optional=True),
)
records.get(
    blueprint,
    "/v1/redemptions/<uuid:redemption_id>",
    READ,
    ("读取核销记录", "Read a redemption"),
    "perks.get_redemption",
    S.GetRedemption,
    S.Redemption,
)
