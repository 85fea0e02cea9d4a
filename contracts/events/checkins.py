"""Check-ins at the door: request, answer and event."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.event_types import EventType
from contracts.language.schema import Bilingual, Instant, Listing, Schema, page_of

OUTCOMES = ("admitted", "refused")


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


class ListCheckIns(Listing):
    """The scans of an activity, admitted and refused, as its department sees them."""

    activity_id = fields.UUID(required=True)
    outcome = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(OUTCOMES))


CheckInRecordPage = page_of(CheckInRecord)


class CheckInEvent(Schema):
    """``events.checkin.recorded``"""

    checkin_id = fields.UUID(required=True)
    registration_id = fields.UUID(required=True)
    activity_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    at = Instant(required=True)


EVENTS: tuple[EventType, ...] = (EventType("events.checkin.recorded.v1", CheckInEvent),)
