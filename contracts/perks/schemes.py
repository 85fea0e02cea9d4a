"""Schemes (惠民政策): requests, answers and events."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.event_types import EventType
from contracts.language.schema import SLUG, Bilingual, Day, Instant, Schema, Truth, Whole

COVERS = ("first_gate",)


LIMIT_PER = ("place", "scheme")


LIMIT_WINDOWS = ("shanghai_day", "none")


#: Caps on a clause, because CEL itself has no cost limit (``docs/adr/0008``).
MAX_EXPRESSION = 1_000


MAX_CLAUSES = 20


MAX_RELATIONS = 50


class Clause(Schema):
    """One condition of a scheme: a CEL expression over a person's facts, what is required, and where that is written."""

    id = fields.String(required=True, validate=SLUG)
    expr = fields.String(required=True, validate=validate.Length(min=1, max=MAX_EXPRESSION))
    message = fields.Nested(Bilingual, required=True)
    source = fields.String(required=True, validate=validate.Length(min=1, max=500))


class Relation(Schema):
    """Which places serve the members of which institutions, for a half-open period: two sets, by key."""

    place_set_key = fields.String(attribute="place_set", required=True, validate=SLUG)
    institution_set_key = fields.String(attribute="institution_set", required=True, validate=SLUG)
    from_on = Day(required=True)
    until_on = Day(load_default=None, allow_none=True)


class Limit(Schema):
    """How often a pass admits: `count` times per place or scheme, in each day of Shanghai or ever."""

    count = Whole(required=True, validate=validate.Range(min=1, max=1_000))
    per = fields.String(required=True, validate=validate.OneOf(LIMIT_PER))
    window = fields.String(required=True, validate=validate.OneOf(LIMIT_WINDOWS))
    assumption = Truth(
        load_default=False,
        metadata={"description": "True where no document states this limit and it is our assumption."},
    )


class SchemeBody(Schema):
    """The content of a scheme version."""

    name = fields.Nested(Bilingual, required=True)
    source = fields.String(required=True, validate=validate.Length(min=1, max=500))
    from_on = Day(attribute="valid_from", required=True)
    until_on = Day(attribute="valid_until", load_default=None, allow_none=True)
    covers = fields.String(required=True, validate=validate.OneOf(COVERS))
    relation = fields.List(fields.Nested(Relation), required=True, validate=validate.Length(min=1, max=MAX_RELATIONS))
    clauses = fields.List(fields.Nested(Clause), required=True, validate=validate.Length(min=1, max=MAX_CLAUSES))
    limit = fields.Nested(Limit, required=True)


class PutScheme(SchemeBody):
    """Publish a scheme's next version; `version` is the one it replaces, null for a new scheme."""

    key = fields.String(required=True, validate=SLUG)
    version = Whole(load_default=None, allow_none=True)


class GetScheme(Schema):
    """A scheme's current version."""

    key = fields.String(required=True, validate=SLUG)


class Scheme(SchemeBody):
    """A published scheme version."""

    key = fields.String(required=True)
    version = Whole(required=True)
    published_at = Instant(required=True)
    created = fields.Boolean(metadata={"description": "True when this request made the scheme."})


class ListSchemes(Schema):
    """Every scheme's current version."""


class Schemes(Schema):
    """Schemes, by key; there are few, so there are no pages."""

    items = fields.List(fields.Nested(Scheme), required=True)


class SchemeEvent(Schema):
    """``perks.scheme.published``"""

    scheme_key = fields.String(required=True)
    version = fields.Integer(required=True)
    valid_from = Day(required=True)
    valid_until = Day(load_default=None, allow_none=True)


EVENTS: tuple[EventType, ...] = (EventType("perks.scheme.published.v1", SchemeEvent, person_level=False),)
