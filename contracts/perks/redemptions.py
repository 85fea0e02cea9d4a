"""Redemptions at the gate: requests, answers and events."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.event_types import EventType
from contracts.language.schema import Bilingual, Instant, Listing, Schema, Truth, page_of

OUTCOMES = ("admitted", "refused")


_PASS = validate.Length(min=1, max=2_000)


_NONCE = validate.Length(min=1, max=100)


class RedeemPass(Schema):
    """One scan at a gate. The same nonce of the same client is the same scan, however often it is sent.

    `is_trusted` is brought by the gateway: whether the place trusts the department of a caller that is no device.
    """

    load_pass = fields.String(data_key="pass", attribute="token", required=True, validate=_PASS)
    place_id = fields.UUID(required=True)
    nonce = fields.String(required=True, validate=_NONCE)
    at = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "When an offline scanner read the pass; now where it is not given."},
    )
    is_trusted = Truth(load_default=None, allow_none=True)


class Redemption(Schema):
    """The answer to a scan, kept as a fact whether it admitted or refused."""

    id = fields.UUID(required=True)
    entitlement_id = fields.UUID(required=True)
    scheme_key = fields.String(required=True)
    place_id = fields.UUID(required=True)
    at = Instant(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    code = fields.String(required=True, allow_none=True)
    reason = fields.Nested(Bilingual, required=True, allow_none=True)
    holder = fields.String(allow_none=True)
    window = fields.String(required=True)
    replayed = fields.Boolean(metadata={"description": "True when this scan was sent before."})
    created_at = Instant(required=True)


class ListRedemptions(Listing):
    """Redemptions of the department's places and schemes, oldest first; those of a person with `person_id`."""

    person_id = fields.UUID(load_default=None, allow_none=True)
    entitlement_id = fields.UUID(load_default=None, allow_none=True)
    place_id = fields.UUID(load_default=None, allow_none=True)
    outcome = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(OUTCOMES))


class GetRedemption(Schema):
    redemption_id = fields.UUID(required=True)


RedemptionPage = page_of(Redemption)


class RedemptionEvent(Schema):
    """``perks.pass.redeemed``"""

    redemption_id = fields.UUID(required=True)
    entitlement_id = fields.UUID(required=True)
    scheme_key = fields.String(required=True)
    place_id = fields.UUID(required=True)
    at = Instant(required=True)


EVENTS: tuple[EventType, ...] = (EventType("perks.pass.redeemed.v1", RedemptionEvent),)
