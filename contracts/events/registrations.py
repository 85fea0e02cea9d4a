"""Registrations: requests, answers and events."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.event_types import EventType
from contracts.language.schema import Bilingual, Instant, Listing, Schema, Whole, page_of

STATES: tuple[str, ...] = (
    "confirmed",
    "waiting",
    "offered",
    "refused",
    "lapsed",
    "cancelled",
    "voided",
    "unplaced",
)


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


class ListRegistrations(Listing):
    """Registrations, oldest first."""

    activity_id = fields.UUID(load_default=None, allow_none=True)
    session_id = fields.UUID(load_default=None, allow_none=True)
    person_id = fields.UUID(load_default=None, allow_none=True)
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(STATES))


RegistrationPage = page_of(Registration)


class RegistrationEvent(Schema):
    """``events.registration.confirmed|waitlisted|offered|promoted|refused|lapsed|cancelled|voided|suspended|reinstated|unplaced``

    `position` is the place in the waiting list when this was written. `promoted` is a seat given at once, `offered` one to
    be accepted until `offer_expires_at`; `voided` says that the activity was called off. `suspended` says that the session was
    cancelled, `reinstated` that it is held after all; `unplaced` ends a place in the list of a session that was held.
    """

    registration_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    activity_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    state = fields.String(required=True)
    position = fields.Integer(required=True, allow_none=True)
    offer_expires_at = Instant(required=True, allow_none=True)
    activity_kind = fields.String(required=True)
    activity_title = fields.Nested(Bilingual, required=True)
    activity_programme = fields.String(required=True)
    starts_at = Instant(required=True)
    place = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class AmendedEvent(RegistrationEvent):
    """``events.registration.amended``: what it is for has another title, time or place; `…_before` is how it was."""

    ends_at = Instant(required=True)
    activity_title_before = fields.Nested(Bilingual, required=True)
    starts_at_before = Instant(required=True)
    ends_at_before = Instant(required=True)
    place_before = fields.String(required=True, allow_none=True)


_ANNOUNCED = ("notify.on_announcement",)
EVENTS: tuple[EventType, ...] = (
    EventType("events.registration.confirmed.v1", RegistrationEvent, subscribers=_ANNOUNCED),
    EventType("events.registration.waitlisted.v1", RegistrationEvent, subscribers=_ANNOUNCED),
    EventType("events.registration.offered.v1", RegistrationEvent, subscribers=_ANNOUNCED),
    EventType("events.registration.promoted.v1", RegistrationEvent, subscribers=_ANNOUNCED),
    EventType("events.registration.refused.v1", RegistrationEvent),
    EventType("events.registration.lapsed.v1", RegistrationEvent, subscribers=_ANNOUNCED),
    EventType("events.registration.cancelled.v1", RegistrationEvent, subscribers=_ANNOUNCED),
    EventType("events.registration.voided.v1", RegistrationEvent, subscribers=_ANNOUNCED),
    EventType("events.registration.amended.v1", AmendedEvent, subscribers=_ANNOUNCED),
    EventType("events.registration.suspended.v1", RegistrationEvent, subscribers=_ANNOUNCED),
    EventType("events.registration.reinstated.v1", RegistrationEvent, subscribers=_ANNOUNCED),
    EventType("events.registration.unplaced.v1", RegistrationEvent, subscribers=_ANNOUNCED),
)
