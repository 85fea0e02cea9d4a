"""Kinds of activities: requests and answers."""

from __future__ import annotations

from marshmallow import fields

from contracts.language.schema import SLUG, Bilingual, Schema, Truth, Whole

_CONFIDENTIAL = (
    "Only the department of an activity learns who registers. Not given or null: as it is; a new kind is not."
)


class KindBody(Schema):
    """A kind of activity; `programme` is what its figure counts it under, e.g. ``job_fairs``."""

    name = fields.Nested(Bilingual, required=True)
    programme = fields.String(required=True, validate=SLUG)


class PutActivityKind(KindBody):
    """Add a kind, or rename one; `version` is the one it replaces, null for a new kind."""

    key = fields.String(required=True, validate=SLUG)
    is_confidential = Truth(load_default=None, allow_none=True, metadata={"description": _CONFIDENTIAL})
    version = Whole(load_default=None, allow_none=True)


class ActivityKind(KindBody):
    """A kind of activity as it stands."""

    key = fields.String(required=True)
    is_confidential = fields.Boolean(required=True)
    version = Whole(required=True)
    created = fields.Boolean(metadata={"description": "True when this request made the kind."})


class GetActivityKind(Schema):
    key = fields.String(required=True, validate=SLUG)


class ListActivityKinds(Schema):
    """Every kind there is."""


class ActivityKinds(Schema):
    """Kinds, by key; there are few, so there are no pages."""

    items = fields.List(fields.Nested(ActivityKind), required=True)
