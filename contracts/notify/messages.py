"""In-app messages: requests and answers."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.schema import Bilingual, Instant, Listing, Schema, Truth, Whole, page_of
from contracts.notify.values import CLASSES


class Message(Schema):
    """A message to one person, as the in-app inbox shows it. It names no person."""

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    event_id = fields.UUID(required=True)
    event_type = fields.String(required=True)
    template_key = fields.String(required=True)
    template_version = Whole(required=True)
    programme = fields.String(required=True)
    load_class = fields.String(data_key="class", attribute="urgency", required=True, validate=validate.OneOf(CLASSES))
    subject = fields.Nested(Bilingual, required=True)
    body = fields.Nested(Bilingual, required=True)
    read_at = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)


class ListMessages(Listing):
    """A person's in-app messages, oldest first."""

    person_id = fields.UUID(required=True)
    unread = Truth(load_default=None, allow_none=True)


class ReadMessage(Schema):
    """The person has seen it. Saying so again changes nothing."""

    message_id = fields.UUID(required=True)


MessagePage = page_of(Message)
