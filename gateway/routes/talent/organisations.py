"""Organisations, and named sets of them."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.talent import organisations as S
from gateway.http import records

blueprint = Blueprint("organisations", __name__, description="单位与单位集合 / Organisations and sets of them")
READ, WRITE, GOVERN = "registry:read", "registry:write", "registry:govern"

records.add(
    blueprint,
    "/v1/organisations",
    WRITE,
    ("登记单位", "Register an organisation"),
    "talent.register_organisation",
    S.RegisterOrganisation,
    S.Organisation,
)
records.list_of(
    blueprint,
    "/v1/organisations",
    READ,
    ("列出单位", "List organisations"),
    "talent.list_organisations",
    S.ListOrganisations,
    S.OrganisationPage,
)
records.get(
    blueprint,
    "/v1/organisations/<uuid:organisation_id>",
    READ,
    ("读取单位", "Read an organisation"),
    "talent.get_organisation",
    S.GetOrganisation,
    S.Organisation,
)
records.change(
    blueprint,
    "/v1/organisations/<uuid:organisation_id>",
    WRITE,
    ("修改单位", "Change an organisation"),
    "talent.change_organisation",
    S.OrganisationChanges,
    S.Organisation,
    read_by="talent.get_organisation",
)
records.move(
    blueprint,
    "/v1/organisations/<uuid:organisation_id>/confirm",
    GOVERN,
    ("确认单位", "Confirm an organisation"),
    "talent.confirm_organisation",
    S.ConfirmOrganisation,
    S.Organisation,
)
records.list_all(
    blueprint,
    "/v1/organisation-sets",
    READ,
    ("列出单位集合", "List the sets of organisations"),
    "talent.list_organisation_sets",
    S.OrganisationSets,
)
records.put(
    blueprint,
    "/v1/organisation-sets/<slug:key>",
    GOVERN,
    ("发布单位集合", "Publish a set of organisations"),
    "talent.put_organisation_set",
    S.PutOrganisationSet,
    S.OrganisationSet,
    read_by="talent.get_organisation_set",
)
records.get(
    blueprint,
    "/v1/organisation-sets/<slug:key>",
    READ,
    ("读取单位集合", "Read a set of organisations"),
    "talent.get_organisation_set",
    S.GetOrganisationSet,
    S.OrganisationSet,
)
