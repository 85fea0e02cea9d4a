"""Check-ins at the door: request, answer and event."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.event_types import EventType
from contracts.language.schema import Bilingual, Instant, Listing, Schema, page_of

OUTCOMES = ("admitted", "refused")
_DOOR = "Whose door it is; a ticket for another is refused and not used."


class CheckIn(Schema):
    """One scan at the door of the activity or session it names. The same nonce of the same client is the same scan, however often
    it is sent. A door that names none is one of all a device is bound to, or of all activities of the department.
    """

    ticket = fields.String(attribute="token", required=True, validate=validate.Length(min=1, max=2_000))
    nonce = fields.String(required=True, validate=validate.Length(min=1, max=100))
    at = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "When an offline scanner read the ticket; now where it is not given."},
    )
    activity_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": _DOOR})
    session_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": _DOOR})


class RevokeCheckIn(Schema):
    """Take back a check-in that was a mistake: the person has not come, and the ticket admits again. The `reason` is in the
    history; it must not name anyone.
    """

    checkin_id = fields.UUID(required=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=200))


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
    revoked_at = Instant(required=True, allow_none=True)
    revoke_reason = fields.String(required=True, allow_none=True)
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


class CheckInRevokedEvent(CheckInEvent):
    """``events.checkin.revoked``: the check-in was taken back; `at` is when it was made."""

    version = fields.Integer(required=True)


EVENTS: tuple[EventType, ...] = (
    EventType("events.checkin.recorded.v1", CheckInEvent),
    EventType("events.checkin.revoked.v1", CheckInRevokedEvent),
)
