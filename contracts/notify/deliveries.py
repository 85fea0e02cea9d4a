"""Deliveries: requests and answers."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.schema import Instant, Listing, Schema, Whole, page_of
from contracts.notify.values import CHANNEL

DELIVERY_STATES = ("due", "sending", "calling", "delivered", "failed", "suppressed", "outcome_unknown")


class Delivery(Schema):
    """A message's way through one channel. `recipient` is masked; `attempts` counts calls of the provider."""

    id = fields.UUID(required=True)
    message_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    channel = fields.String(required=True, validate=CHANNEL)
    state = fields.String(required=True, validate=validate.OneOf(DELIVERY_STATES))
    reason = fields.String(required=True, allow_none=True)
    recipient = fields.String(required=True, allow_none=True)
    attempts = Whole(required=True)
    not_before = Instant(required=True, allow_none=True)
    settled_at = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)


class ListDeliveries(Listing):
    """Deliveries, oldest first."""

    message_id = fields.UUID(load_default=None, allow_none=True)
    person_id = fields.UUID(load_default=None, allow_none=True)
    channel = fields.String(load_default=None, allow_none=True, validate=CHANNEL)
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(DELIVERY_STATES))


class GetDelivery(Schema):
    delivery_id = fields.UUID(required=True)


class ResendDelivery(Schema):
    """A clerk has a delivery sent again that failed, or whose outcome is unknown."""

    delivery_id = fields.UUID(required=True)


DeliveryPage = page_of(Delivery)
