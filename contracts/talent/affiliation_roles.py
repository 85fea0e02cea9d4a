"""Roles of affiliations, as data: requests and answers."""

from __future__ import annotations

from marshmallow import fields

from contracts.language.declared import declared_fields
from contracts.language.schema import SLUG, Bilingual, Schema, Whole


class AffiliationRoleBody(Schema):
    """What a person may be to an organisation, and the fields a report of it carries; `programme`: what it belongs to."""

    name = fields.Nested(Bilingual, required=True)
    programme = fields.String(required=True, validate=SLUG)
    declared = declared_fields()


class PutAffiliationRole(AffiliationRoleBody):
    """Add a role, or replace one; `version` is the one it replaces, null for a new role. Fields only become more."""

    key = fields.String(required=True, validate=SLUG)
    version = Whole(load_default=None, allow_none=True)


class AffiliationRole(AffiliationRoleBody):
    """A role as it stands. `is_built_in`: every city has it; `programme` is null until one is named."""

    key = fields.String(required=True)
    programme = fields.String(required=True, allow_none=True)
    is_built_in = fields.Boolean(required=True)
    version = Whole(required=True)
    created = fields.Boolean()


class GetAffiliationRole(Schema):
    key = fields.String(required=True, validate=SLUG)


class ListAffiliationRoles(Schema):
    """Every role there is."""


class AffiliationRoles(Schema):
    """Roles, those of every city first; there are few, so there are no pages."""

    items = fields.List(fields.Nested(AffiliationRole), required=True)
