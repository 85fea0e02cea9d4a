"""Activities (活动) and their sessions: requests, answers and events. An `event` is a broker message."""

from __future__ import annotations

import datetime as dt

from marshmallow import ValidationError, fields, validate, validates_schema

from contracts.language.event_types import EventType
from contracts.language.messages import Text
from contracts.language.schema import SLUG, Bilingual, Instant, Listing, Schema, Whole, page_of

STATES: tuple[str, ...] = ("draft", "published", "open", "closed", "held", "reported", "cancelled")


SESSION_STATES = ("scheduled", "cancelled")


PROMOTIONS = ("automatic", "offer")


MAX_SESSIONS = 50


MAX_RULES = 20


LONGEST_SESSION = dt.timedelta(days=62)


_ENDS_FIRST = Text("empty_period", "结束时间须晚于开始时间。", "The end must be after the start.")


_TOO_LONG = Text("session_too_long", "单场活动不能超过62天。", "A session may last 62 days at most.")


_SAYS_NOTHING = Text(
    "empty_rule", "须至少指定身份、单位类别或单位之一。", "Name a role, a kind of organisation or an organisation."
)


class Who(Schema):
    """Whom an activity is open to: who holds such an affiliation today. All that is named must fit."""

    role = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=40))
    organisation_kind = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=40))
    organisation_id = fields.UUID(load_default=None, allow_none=True)

    @validates_schema
    def _says_something(self, data: dict[str, object], **kwargs: object) -> None:
        if not any(data.get(name) for name in ("role", "organisation_kind", "organisation_id")):
            raise ValidationError(_SAYS_NOTHING)


class SessionBody(Schema):
    """When and where, and for how many."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    place = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=200))
    capacity = Whole(required=True, validate=validate.Range(min=1, max=100_000))

    @validates_schema
    def _has_some_length(self, data: dict[str, dt.datetime], **kwargs: object) -> None:
        if "starts_at" in data and "ends_at" in data:
            if data["ends_at"] <= data["starts_at"]:
                raise ValidationError({"ends_at": [_ENDS_FIRST]})
            if data["ends_at"] - data["starts_at"] > LONGEST_SESSION:
                raise ValidationError({"ends_at": [_TOO_LONG]})


_STATE = validate.OneOf(SESSION_STATES)


class SessionChange(SessionBody):
    """A session as it shall be; with `id` one that is there, without a new one."""

    id = fields.UUID(load_default=None, allow_none=True)
    state = fields.String(
        load_default=None,
        allow_none=True,
        validate=_STATE,
        metadata={"description": "As it was read, or left out: it is changed by …/cancel and …/reopen."},
    )


def _open_to(**more: object) -> fields.Field:  # type: ignore[type-arg]
    return fields.List(
        fields.Nested(Who),
        allow_none=True,
        validate=validate.Length(min=1, max=MAX_RULES),
        metadata={"description": "Any one of these is enough; null: open to everybody on record."},
        **more,  # type: ignore[arg-type]
    )


_MANY_ORGANISERS = validate.Length(max=20)


_OFFER_HOURS = validate.Range(min=1, max=168)


_MANY_SESSIONS = validate.Length(min=1, max=MAX_SESSIONS)


class CreateActivity(Schema):
    """A draft of the caller's department. `promotion` says how a seat that comes free is given on: at once, or as an
    offer to be accepted within `offer_hours`.
    """

    kind_key = fields.String(attribute="kind", required=True, validate=SLUG)
    title = fields.Nested(Bilingual, required=True)
    organiser_id = fields.UUID(required=True)
    co_organiser_ids = fields.List(fields.UUID(), load_default=list, validate=_MANY_ORGANISERS)
    open_to = _open_to(load_default=None)
    promotion = fields.String(load_default="automatic", validate=validate.OneOf(PROMOTIONS))
    offer_hours = Whole(load_default=24, validate=_OFFER_HOURS)
    sessions = fields.List(fields.Nested(SessionBody), required=True, validate=_MANY_SESSIONS)


class ActivityChanges(Schema):
    """A merge patch; `sessions` are all of them, those left out go (unless there is a live registration for one).

    Everybody with a live registration is notified of another title, time or place. No session is moved into the past.
    """

    title = fields.Nested(Bilingual)
    organiser_id = fields.UUID()
    co_organiser_ids = fields.List(fields.UUID(), validate=_MANY_ORGANISERS)
    open_to = _open_to()
    promotion = fields.String(validate=validate.OneOf(PROMOTIONS))
    offer_hours = Whole(validate=_OFFER_HOURS)
    sessions = fields.List(fields.Nested(SessionChange), validate=_MANY_SESSIONS)


class ChangeActivity(Schema):
    """`version` is the one the change was made from (If-Match)."""

    activity_id = fields.UUID(required=True)
    version = Whole(required=True)
    changes = fields.Nested(ActivityChanges, required=True)


class OfActivity(Schema):
    activity_id = fields.UUID(required=True)


class GetActivity(OfActivity):
    """One activity."""


class PublishActivity(OfActivity):
    """Make a draft known."""


class OpenActivity(OfActivity):
    """Take registrations, for the first time or again."""


class CloseActivity(OfActivity):
    """Take no more registrations; the waiting list moves on."""


class HoldActivity(OfActivity):
    """Say that it took place; not before it has begun."""


class ReportActivity(OfActivity):
    """Close the books: check-ins are counted; `attendance_stated` is a number stated by hand and kept apart from it."""

    attendance_stated = Whole(load_default=None, allow_none=True, validate=validate.Range(min=0, max=1_000_000))


class CancelActivity(OfActivity):
    """Cancel it; everybody registered is notified, with the `reason`, which must not name anyone."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=200))


class OfSession(OfActivity):
    session_id = fields.UUID(required=True)


class CancelSession(OfSession):
    """Cancel one session. Its registrations keep their places, in case it is reopened; all are notified, with the `reason`, which
    must not name anyone.
    """

    reason = fields.String(required=True, validate=validate.Length(min=1, max=200))


class ReopenSession(OfSession):
    """Hold a cancelled session after all, as it now stands; all its registrations are notified."""


class ListActivities(Listing):
    """Activities, oldest first."""

    kind_key = fields.String(attribute="kind", load_default=None, allow_none=True, validate=SLUG)
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(STATES))
    organiser_id = fields.UUID(load_default=None, allow_none=True)
    department = fields.String(load_default=None, allow_none=True, validate=SLUG)


class Session(SessionBody):
    """One session of an activity."""

    id = fields.UUID(required=True)
    state = fields.String(required=True, validate=_STATE)


class Attendance(Schema):
    """How many came: by their check-ins, and as stated by hand. The two are never added."""

    counted = Whole(required=True)
    stated = Whole(required=True, allow_none=True)


class Activity(Schema):
    """An activity. ``…/sessions`` says how full its sessions are."""

    id = fields.UUID(required=True)
    kind_key = fields.String(attribute="kind", required=True)
    programme = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    organiser_id = fields.UUID(required=True)
    co_organiser_ids = fields.List(fields.UUID(), required=True)
    department = fields.String(required=True)
    open_to = _open_to(required=True)
    promotion = fields.String(required=True, validate=validate.OneOf(PROMOTIONS))
    offer_hours = Whole(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    sessions = fields.List(fields.Nested(Session), required=True)
    held_at = Instant(required=True, allow_none=True)
    attendance = fields.Nested(Attendance, required=True, allow_none=True)
    cancel_reason = fields.String(required=True, allow_none=True)
    version = Whole(required=True)
    created_at = Instant(required=True)


class ListSessions(OfActivity):
    """The sessions of an activity and how full they are."""


class SessionSeats(Session):
    """A session with its seats: `seats_taken` are confirmed or on offer, `waiting` is the length of the waiting list."""

    seats_taken = Whole(required=True)
    waiting = Whole(required=True)
    cancel_reason = fields.String(required=True, allow_none=True)


class Sessions(Schema):
    """Sessions, by start."""

    items = fields.List(fields.Nested(SessionSeats), required=True)


ActivityPage = page_of(Activity)


class ActivityEvent(Schema):
    """``events.activity.published|changed|opened|closed|held|reported|cancelled``

    `starts_at` and `place` are those of its first session, `ends_at` is the end of its last; cancelled ones do not count.
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


EVENTS: tuple[EventType, ...] = (
    EventType("events.activity.published.v1", ActivityEvent, person_level=False),
    EventType("events.activity.changed.v1", ActivityEvent, person_level=False),
    EventType("events.activity.opened.v1", ActivityEvent, person_level=False),
    EventType("events.activity.closed.v1", ActivityEvent, person_level=False),
    EventType("events.activity.held.v1", ActivityEvent, person_level=False),
    EventType("events.activity.reported.v1", ActivityEvent, person_level=False),
    EventType("events.activity.cancelled.v1", ActivityEvent, person_level=False),
)
