"""What the events of perks carry: ids and the whole current non-personal state of their subject. Only ever added to."""

from __future__ import annotations

from marshmallow import fields

from contracts.schema import Bilingual, Day, Instant, Schema


class Scheme(Schema):
    """``perks.scheme.published``"""

    scheme_key = fields.String(required=True)
    version = fields.Integer(required=True)
    valid_from = Day(required=True)
    valid_until = Day(load_default=None, allow_none=True)


class Entitlement(Schema):
    """``perks.entitlement.granted|suspended|reinstated``"""

    entitlement_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    person_id = fields.UUID(required=True)
    scheme_key = fields.String(required=True)
    scheme_version = fields.Integer(required=True)
    scheme_name = fields.Nested(Bilingual, load_default=None, allow_none=True)
    state = fields.String(required=True)


class Redemption(Schema):
    """``perks.pass.redeemed``"""

    redemption_id = fields.UUID(required=True)
    entitlement_id = fields.UUID(required=True)
    scheme_key = fields.String(required=True)
    place_id = fields.UUID(required=True)
    at = Instant(required=True)
