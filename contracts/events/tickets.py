"""Tickets of confirmed registrations: request and answer."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.events.registrations import OfRegistration
from contracts.language.schema import Instant, Schema


class IssueTicket(OfRegistration):
    """A signed ticket; `holder` is the masked name the door shows."""

    holder = fields.String(required=True, validate=validate.Length(min=1, max=100))


class Ticket(Schema):
    """A signed ticket, to be shown as a QR code."""

    token = fields.String(required=True)
    registration_id = fields.UUID(required=True)
    activity_id = fields.UUID(required=True)
    holder = fields.String(required=True)
    expires_at = Instant(
        required=True,
        metadata={
            "description": "The end of the session when it was drawn. If that is moved, the ticket goes with it."
        },
    )
    key_id = fields.String(required=True)
