"""Affiliations: what a person is to an organisation."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.talent import affiliations as S
from gateway.http import records

blueprint = Blueprint("affiliations", __name__, description="身份关系 / Affiliations")
READ, REPORT, DECIDE = "people:read", "affiliations:report", "affiliations:decide"

records.add(
    blueprint,
    "/v1/affiliations",
    REPORT,
    ("报送身份关系", "Report an affiliation"),
    "talent.report_affiliation",
    S.ReportAffiliation,
    S.Affiliation,
)
records.list_of(
    blueprint,
    "/v1/affiliations",
    READ,
    ("列出身份关系", "List affiliations"),
    "talent.list_affiliations",
    S.ListAffiliations,
    S.AffiliationPage,
)
records.get(
    blueprint,
    "/v1/affiliations/<uuid:affiliation_id>",
    READ,
    ("读取身份关系", "Read an affiliation"),
    "talent.get_affiliation",
    S.GetAffiliation,
    S.Affiliation,
)
records.move(
    blueprint,
    "/v1/affiliations/<uuid:affiliation_id>/confirm",
    DECIDE,
    ("确认身份关系", "Confirm an affiliation"),
    "talent.confirm_affiliation",
    S.ConfirmAffiliation,
    S.Affiliation,
)
records.move(
    blueprint,
    "/v1/affiliations/<uuid:affiliation_id>/end",
    DECIDE,
    ("终止身份关系", "End an affiliation"),
    "talent.end_affiliation",
    S.EndAffiliation,
    S.Affiliation,
)
