"""Roles of affiliations: what a person may be to an organisation."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.talent import affiliation_roles as S
from gateway.http import records

blueprint = Blueprint("affiliation_roles", __name__, description="身份类别 / Roles of affiliations")
READ, GOVERN = "registry:read", "kinds:govern"

records.put(
    blueprint,
    "/v1/affiliation-roles/<slug:key>",
    GOVERN,
    ("发布身份类别", "Put a role of affiliations"),
    "talent.put_affiliation_role",
    S.PutAffiliationRole,
    S.AffiliationRole,
    read_by="talent.get_affiliation_role",
)
records.get(
    blueprint,
    "/v1/affiliation-roles/<slug:key>",
    READ,
    ("读取身份类别", "Read a role of affiliations"),
    "talent.get_affiliation_role",
    S.GetAffiliationRole,
    S.AffiliationRole,
)
records.list_all(
    blueprint,
    "/v1/affiliation-roles",
    READ,
    ("列出身份类别", "List roles of affiliations"),
    "talent.list_affiliation_roles",
    S.AffiliationRoles,
)
