"""What the service that sends messages may ask talent: contacts in the clear (ADR 0010). No other service, no route."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.schema import Schema

MAX_PEOPLE = 500


class ReadContacts(Schema):
    """Contacts of up to 500 people in the clear, and what for. Of the service that sends messages alone; audited."""

    person_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(min=1, max=MAX_PEOPLE))
    purpose = fields.String(required=True, validate=validate.Length(min=1, max=80))


class Contact(Schema):
    """How a person is reached. Personal data: never stored, logged or put in an event by the caller."""

    person_id = fields.UUID(required=True)
    name = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    language = fields.String(required=True)


class Contacts(Schema):
    items = fields.List(fields.Nested(Contact), required=True)
