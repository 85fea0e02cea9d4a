"""What notify is asked and what it answers: templates, messages, deliveries, preferences.

Class names are those of the RPC methods (``put_template`` takes ``PutTemplate``) and of the records answered. notify tells
no events of its own; those it listens to are the other services'.
"""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.messages import Text
from contracts.schema import SLUG, Bilingual, ByName, Instant, Page, Schema, Truth, Whole, page_of

CHANNELS = ("in_app", "email", "log")
CLASSES = ("normal", "urgent")
LANGUAGES = ("zh-CN", "en")
DELIVERY_STATES = ("due", "sending", "calling", "delivered", "failed", "suppressed", "outcome_unknown")

MAX_PROGRAMMES = 100

_TIME = validate.Regexp(
    r"([01][0-9]|2[0-3]):[0-5][0-9]\Z", error=Text("invalid_time", "应为 HH:MM。", "Must be HH:MM.")
)
_CHANNEL = validate.OneOf(CHANNELS)


class TemplateBody(Schema):
    """The content of a template version. Its texts hold ``{{ placeholders }}``: fields of the event, nothing else."""

    event_type = fields.String(required=True, validate=validate.Length(min=1, max=200))
    programme = fields.String(
        load_default=None,
        allow_none=True,
        validate=SLUG,
        metadata={"description": "What people switch on and off; null: as the event says (activity or scheme)."},
    )
    load_class = fields.String(
        data_key="class",
        attribute="urgency",
        load_default="normal",
        validate=validate.OneOf(CLASSES),
        metadata={"description": "Urgent messages do not wait for the end of quiet hours."},
    )
    channels = fields.List(
        fields.String(validate=_CHANNEL), required=True, validate=validate.Length(min=1, max=len(CHANNELS))
    )
    subject = fields.Nested(Bilingual, required=True)
    body = fields.Nested(Bilingual, required=True)
    enabled = Truth(load_default=True)


class PutTemplate(TemplateBody):
    """Publish a template's next version; `version` is the one it replaces, null for a new template."""

    key = fields.String(required=True, validate=SLUG)
    version = Whole(load_default=None, allow_none=True)


class GetTemplate(Schema):
    """A template's current version."""

    key = fields.String(required=True, validate=SLUG)


class Template(TemplateBody):
    """A published template version."""

    key = fields.String(required=True)
    version = Whole(required=True)
    published_at = Instant(required=True)
    created = fields.Boolean(metadata={"description": "True when this request made the template."})


class ListTemplates(Schema):
    """Every template's current version."""


class Templates(Schema):
    """Templates, by key; there are few, so there are no pages."""

    items = fields.List(fields.Nested(Template), required=True)


class ProgrammePreference(Schema):
    """What a person wants of one programme: nothing, or on these channels (null: all)."""

    enabled = Truth(load_default=True)
    channels = fields.List(fields.String(validate=_CHANNEL), load_default=None, allow_none=True)


class QuietHours(Schema):
    """From a time of the day until another, in Shanghai; over midnight where `until` is the earlier."""

    from_time = fields.String(data_key="from", required=True, validate=_TIME)
    until_time = fields.String(data_key="until", required=True, validate=_TIME)


class PreferencesBody(Schema):
    """What a person wants: the language of what is sent, programmes, quiet hours (null: none at all)."""

    language = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(LANGUAGES),
        metadata={"description": "Null: as the person's record says."},
    )
    programmes = ByName(
        keys=fields.String(validate=SLUG),
        values=fields.Nested(ProgrammePreference),
        load_default=dict,
        validate=validate.Length(max=MAX_PROGRAMMES),
    )
    quiet_hours = fields.Nested(QuietHours, required=True, allow_none=True)


class PutPreferences(PreferencesBody):
    """Set a person's preferences; `version` is the one they replace, null for the first."""

    person_id = fields.UUID(required=True)
    version = Whole(load_default=None, allow_none=True)


class GetPreferences(Schema):
    person_id = fields.UUID(required=True)


class Preferences(PreferencesBody):
    """A person's preferences; version 0 where they have never set any."""

    person_id = fields.UUID(required=True)
    version = Whole(required=True)
    created = fields.Boolean(metadata={"description": "True when this request set them first."})


class Message(Schema):
    """A message to one person, as the in-app inbox shows it. It names nobody."""

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    event_id = fields.UUID(required=True)
    event_type = fields.String(required=True)
    template_key = fields.String(required=True)
    template_version = Whole(required=True)
    programme = fields.String(required=True)
    load_class = fields.String(data_key="class", attribute="urgency", required=True)
    subject = fields.Nested(Bilingual, required=True)
    body = fields.Nested(Bilingual, required=True)
    read_at = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)


class ListMessages(Page):
    """A person's in-app messages, oldest first."""

    person_id = fields.UUID(required=True)
    unread = Truth(load_default=None, allow_none=True)


class ReadMessage(Schema):
    """The person has seen it. Saying so again changes nothing."""

    message_id = fields.UUID(required=True)


class Delivery(Schema):
    """A message's way through one channel. `recipient` is masked; `attempts` counts calls of the provider."""

    id = fields.UUID(required=True)
    message_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    channel = fields.String(required=True, validate=_CHANNEL)
    state = fields.String(required=True, validate=validate.OneOf(DELIVERY_STATES))
    reason = fields.String(required=True, allow_none=True)
    recipient = fields.String(required=True, allow_none=True)
    attempts = Whole(required=True)
    not_before = Instant(required=True, allow_none=True)
    settled_at = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)


class ListDeliveries(Page):
    """Deliveries, oldest first."""

    message_id = fields.UUID(load_default=None, allow_none=True)
    person_id = fields.UUID(load_default=None, allow_none=True)
    channel = fields.String(load_default=None, allow_none=True, validate=_CHANNEL)
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(DELIVERY_STATES))


class GetDelivery(Schema):
    delivery_id = fields.UUID(required=True)


class ResendDelivery(Schema):
    """A clerk has it sent again: one that failed, or whose outcome nobody knows."""

    delivery_id = fields.UUID(required=True)


MessagePage = page_of(Message)
DeliveryPage = page_of(Delivery)
