"""Facts (核验事实): what a department has verified about a person. Kinds of facts, requests, answers and events."""

from __future__ import annotations

from marshmallow import fields, validate
from marshmallow.fields import Dict

from contracts.language.declared import declared_fields, declared_values
from contracts.language.event_types import EventType
from contracts.language.schema import SLUG, Bilingual, Day, Instant, Listing, Schema, Whole, page_of
from contracts.vocabulary import ACCEPTED, CONFIRMED, ENDED, UNCHANGED

FACT_STATES = (CONFIRMED, ENDED)
MAX_MONTHS = 1200


class FactKindBody(Schema):
    """A kind of fact. `programme` is the programme it belongs to; the departments of `confirmed_by` report facts of this kind.

    `holds_months`: how long one holds whose report gives no end; null: until it is ended.
    """

    name = fields.Nested(Bilingual, required=True)
    programme = fields.String(required=True, validate=SLUG)
    declared = declared_fields()
    confirmed_by = fields.List(fields.String(validate=SLUG), required=True, validate=validate.Length(min=1, max=50))
    holds_months = Whole(load_default=None, allow_none=True, validate=validate.Range(min=1, max=MAX_MONTHS))


class PutFactKind(FactKindBody):
    """Add a kind, or replace one; `version` is the one it replaces, null for a new kind. Types of fields in use stay."""

    key = fields.String(required=True, validate=SLUG)
    version = Whole(load_default=None, allow_none=True)


class FactKind(FactKindBody):
    """A kind of fact as it stands."""

    key = fields.String(required=True)
    version = Whole(required=True)
    created = fields.Boolean()


class GetFactKind(Schema):
    key = fields.String(required=True, validate=SLUG)


class ListFactKinds(Schema):
    """Every kind there is."""


class FactKinds(Schema):
    """Kinds, by key; there are few, so there are no pages."""

    items = fields.List(fields.Nested(FactKind), required=True)


class ReportFact(Schema):
    """What the caller's department has verified about a person: it holds from `from_on` until the day before `until_on`.

    The same person, kind and `from_on` again corrects the department's fact. A later one takes the place of the one before. An
    absent `until_on` leaves the end as it is; a new fact then holds as long as its kind says.
    """

    person_id = fields.UUID(required=True)
    kind_key = fields.String(required=True, validate=SLUG)
    from_on = Day(required=True)
    until_on = Day(load_default=None, allow_none=True)
    values = declared_values()


class EndFact(Schema):
    """`until_on` is the first day it no longer holds, today if absent. `reason` must not name anyone."""

    fact_id = fields.UUID(required=True)
    until_on = Day(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))


class GetFact(Schema):
    fact_id = fields.UUID(required=True)


class ListFacts(Listing):
    """Without a person: those the caller's department has confirmed."""

    person_id = fields.UUID()
    kind_key = fields.String(validate=SLUG)
    state = fields.String(validate=validate.OneOf(FACT_STATES))


class Fact(Schema):
    """A fact. `department` has confirmed it. `created` and `verdict` only answer a report."""

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    kind_key = fields.String(required=True)
    department = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(FACT_STATES))
    from_on = Day(required=True)
    until_on = Day(required=True, allow_none=True)
    values = fields.Dict(required=True, data_key="fields")
    version = Whole(required=True)
    created_at = Instant(required=True)
    created = fields.Boolean()
    verdict = fields.String(validate=validate.OneOf((ACCEPTED, UNCHANGED)))


FactPage = page_of(Fact)


class FactEvent(Schema):
    """``talent.fact.confirmed|changed|ended``: of the declared fields only those whose type names no person: choice, yes_no,
    number, day, month, county, money. A document number is a text, and stays behind.
    """

    fact_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    person_id = fields.UUID(required=True)
    kind_key = fields.String(required=True)
    department = fields.String(required=True)
    state = fields.String(required=True)
    from_on = Day(required=True)
    until_on = Day(load_default=None, allow_none=True)
    fields = Dict(required=True)  # type: ignore[assignment]


_FACTS = ("perks.on_fact_changed",)
EVENTS: tuple[EventType, ...] = (
    EventType("talent.fact.confirmed.v1", FactEvent, subscribers=_FACTS),
    EventType("talent.fact.changed.v1", FactEvent, subscribers=_FACTS),
    EventType("talent.fact.ended.v1", FactEvent, subscribers=_FACTS),
)
