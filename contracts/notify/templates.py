"""Message templates: requests and answers."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.schema import SLUG, Bilingual, Instant, Schema, Truth, Whole
from contracts.notify.values import CHANNEL, CHANNELS, CLASSES


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
        fields.String(validate=CHANNEL), required=True, validate=validate.Length(min=1, max=len(CHANNELS))
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
