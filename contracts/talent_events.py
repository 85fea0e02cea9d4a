"""What the events of talent carry: ids and the whole current non-personal state of their subject, never names of people,
phones or ID numbers. Fields are only ever added.
"""

from __future__ import annotations

from marshmallow import fields

from contracts.schema import Day, Schema


class Organisation(Schema):
    """``talent.organisation.registered|changed``"""

    organisation_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    status = fields.String(required=True)


class Membership(Schema):
    """One member of a set, for a half-open period."""

    organisation_id = fields.UUID(required=True)
    from_on = Day(required=True)
    until_on = Day(load_default=None, allow_none=True)


class OrganisationSet(Schema):
    """``talent.organisation_set.published``"""

    key = fields.String(required=True)
    version = fields.Integer(required=True)
    members = fields.List(fields.Nested(Membership), required=True)


class Person(Schema):
    """``talent.person.registered|changed``: that somebody is known, and nothing about them."""

    person_id = fields.UUID(required=True)
    version = fields.Integer(required=True)


class Affiliation(Schema):
    """``talent.affiliation.reported|confirmed|changed|ended``"""

    affiliation_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    person_id = fields.UUID(required=True)
    organisation_id = fields.UUID(required=True)
    role = fields.String(required=True)
    state = fields.String(required=True)
    from_on = Day(required=True)
    until_on = Day(load_default=None, allow_none=True)
