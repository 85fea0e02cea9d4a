"""Entitlements: requests, answers and events."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.event_types import EventType
from contracts.language.schema import SLUG, Bilingual, Instant, Listing, Schema, Whole, page_of
from contracts.vocabulary import AFFILIATION_STATES

ENTITLEMENT_STATES = ("active", "suspended")


class Reason(Schema):
    """One clause as it was decided for one person."""

    clause = fields.String(required=True)
    met = fields.Boolean(required=True)
    message = fields.Nested(Bilingual, required=True)
    source = fields.String(required=True)


class CountedAffiliation(Schema):
    """An affiliation as the clauses saw it: `set_keys` are those of its organisation, `current` says whether it counted."""

    affiliation_id = fields.UUID(required=True)
    version = Whole(required=True)
    organisation_id = fields.UUID(required=True)
    organisation_kind = fields.String(required=True)
    role = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(AFFILIATION_STATES))
    set_keys = fields.List(fields.String(), attribute="sets", required=True)
    from_on = fields.String(required=True, metadata={"format": "date"})
    until_on = fields.String(required=True, allow_none=True, metadata={"format": "date"})
    current = fields.Boolean(required=True)


class VerifiedFact(Schema):
    """A fact as the clauses saw it: `current` says whether it held, `fields` are those that events carry."""

    fact_id = fields.UUID(required=True)
    version = Whole(required=True)
    kind_key = fields.String(attribute="kind", required=True)
    department = fields.String(required=True)
    from_on = fields.String(required=True, metadata={"format": "date"})
    until_on = fields.String(required=True, allow_none=True, metadata={"format": "date"})
    current = fields.Boolean(required=True)
    values = fields.Dict(attribute="fields", data_key="fields", required=True)


class Entitlement(Schema):
    """What a person is entitled to, granted by itself and suspended when the facts end."""

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    scheme_key = fields.String(required=True)
    scheme_version = Whole(required=True)
    state = fields.String(required=True, validate=validate.OneOf(ENTITLEMENT_STATES))
    granted_at = Instant(required=True)
    reasons = fields.List(fields.Nested(Reason), required=True)
    facts = fields.List(
        fields.Nested(CountedAffiliation),
        required=True,
        allow_none=True,
        metadata={"description": "What the reasons stand on; null where it was decided before facts were kept."},
    )
    verified = fields.List(
        fields.Nested(VerifiedFact),
        required=True,
        allow_none=True,
        metadata={"description": "The facts it was decided by; null where the scheme goes by none."},
    )
    version = Whole(required=True)
    created_at = Instant(required=True)


class ListEntitlements(Listing):
    """Entitlements of a person, oldest first; of everybody for callers that hold ``people:all``."""

    person_id = fields.UUID(load_default=None, allow_none=True)
    scheme_key = fields.String(load_default=None, allow_none=True, validate=SLUG)
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(ENTITLEMENT_STATES))


class GetEntitlement(Schema):
    entitlement_id = fields.UUID(required=True)


EntitlementPage = page_of(Entitlement)


class EntitlementEvent(Schema):
    """``perks.entitlement.granted|suspended|reinstated``"""

    entitlement_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    person_id = fields.UUID(required=True)
    scheme_key = fields.String(required=True)
    scheme_version = fields.Integer(required=True)
    scheme_name = fields.Nested(Bilingual, load_default=None, allow_none=True)
    state = fields.String(required=True)


class EntitlementMergedEvent(EntitlementEvent):
    """``perks.entitlement.merged``: its person is merged into another, who has one of the same scheme, `merged_into`.

    Nobody loses anything: both ids and the passes of both are the other's now (ADR 0022).
    """

    merged_into = fields.UUID(required=True)


_ANNOUNCED = ("notify.on_announcement",)
EVENTS: tuple[EventType, ...] = (
    EventType("perks.entitlement.granted.v1", EntitlementEvent, subscribers=_ANNOUNCED),
    EventType("perks.entitlement.suspended.v1", EntitlementEvent, subscribers=_ANNOUNCED),
    EventType("perks.entitlement.reinstated.v1", EntitlementEvent, subscribers=_ANNOUNCED),
    EventType("perks.entitlement.merged.v1", EntitlementMergedEvent),
)
