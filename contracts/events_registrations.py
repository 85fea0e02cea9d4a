"""What events is asked of registrations and what it answers: registrations, tickets, check-ins.

Class names are those of the RPC methods and of the records answered. Activities are in ``events``.
"""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.schema import Bilingual, Instant, Page, Schema, Whole, page_of

STATES = ("confirmed", "waiting", "offered", "refused", "lapsed", "cancelled", "voided")
OUTCOMES = ("admitted", "refused")


class Register(Schema):
    """A seat for a person, or a place in the waiting list; `session_id` may be left out where there is only one."""

    activity_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    session_id = fields.UUID(load_default=None, allow_none=True)


class Registration(Schema):
    """What a person has: a seat, an offer of one, or a place in the waiting list (`position`, from 1)."""

    id = fields.UUID(required=True)
    activity_id = fields.UUID(required=True)
    session_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    number = Whole(required=True, metadata={"description": "Counts the registrations of the session in their order."})
    position = Whole(required=True, allow_none=True)
    offer_expires_at = Instant(required=True, allow_none=True)
    checked_in_at = Instant(required=True, allow_none=True)
    version = Whole(required=True)
    created_at = Instant(required=True)


class OfRegistration(Schema):
    registration_id = fields.UUID(required=True)


class GetRegistration(OfRegistration):
    """One registration."""


class CancelRegistration(OfRegistration):
    """Give up a seat, an offer or a place in the waiting list."""


class AcceptOffer(OfRegistration):
    """Take the seat that was offered."""


class RefuseOffer(OfRegistration):
    """Leave the seat that was offered to the next."""


class ListRegistrations(Page):
    """Registrations, oldest first."""

    activity_id = fields.UUID(load_default=None, allow_none=True)
    session_id = fields.UUID(load_default=None, allow_none=True)
    person_id = fields.UUID(load_default=None, allow_none=True)
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(STATES))


class IssueTicket(OfRegistration):
    """A signed ticket; `holder` is the masked name the door shows."""

    holder = fields.String(required=True, validate=validate.Length(min=1, max=100))


class Ticket(Schema):
    """A signed ticket, to be shown as a QR code."""

    token = fields.String(required=True)
    registration_id = fields.UUID(required=True)
    activity_id = fields.UUID(required=True)
    holder = fields.String(required=True)
    expires_at = Instant(required=True)
    key_id = fields.String(required=True)


class CheckIn(Schema):
    """One scan at the door. The same nonce of the same client is the same scan, however often it is sent."""

    ticket = fields.String(attribute="token", required=True, validate=validate.Length(min=1, max=2_000))
    nonce = fields.String(required=True, validate=validate.Length(min=1, max=100))
    at = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "When an offline scanner read the ticket; now where it is not given."},
    )


class CheckInRecord(Schema):
    """The answer to a scan, kept as a fact whether it admitted or refused."""

    id = fields.UUID(required=True)
    registration_id = fields.UUID(required=True)
    activity_id = fields.UUID(required=True)
    at = Instant(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    code = fields.String(required=True, allow_none=True)
    reason = fields.Nested(Bilingual, required=True, allow_none=True)
    holder = fields.String(allow_none=True)
    replayed = fields.Boolean(metadata={"description": "True when this scan was sent before."})
    created_at = Instant(required=True)


RegistrationPage = page_of(Registration)
