"""What the events of the service events carry: ids and the whole current non-personal state of their subject. Only ever
added to. Those of a registration carry what a message needs (title, start, place), so that who tells people of it keeps
no copy of activities.
"""

from __future__ import annotations

from marshmallow import fields

from contracts.schema import Bilingual, Instant, Schema


class Activity(Schema):
    """``events.activity.published|changed|opened|closed|held|reported|cancelled``

    `starts_at` and `place` are those of its first session, `ends_at` is the end of its last.
    """

    activity_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    kind = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    organiser_id = fields.UUID(required=True)
    programme = fields.String(required=True)
    state = fields.String(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    place = fields.String(required=True, allow_none=True)


class Registration(Schema):
    """``events.registration.confirmed|waitlisted|offered|promoted|refused|lapsed|cancelled|voided``

    `position` is the place in the waiting list when this was written. `promoted` is a seat given at once, `offered` one to
    be accepted until `offer_expires_at`; `voided` says that the activity was called off.
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


class CheckIn(Schema):
    """``events.checkin.recorded``"""

    checkin_id = fields.UUID(required=True)
    registration_id = fields.UUID(required=True)
    activity_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    at = Instant(required=True)
