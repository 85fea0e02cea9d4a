"""Affiliations, what a person is to an organisation: requests, answers and events."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.event_types import EventType
from contracts.language.schema import SLUG, ByName, Day, Instant, Listing, Schema, page_of
from contracts.talent.values import Difference
from contracts.vocabulary import AFFILIATION_STATES, REPORT_VERDICTS


class ReportAffiliation(Schema):
    """What a person is to an organisation from `from_on` until the day before `until_on`.

    Confirmed at once where the organisation trusts the caller's department, unless `state` asks to leave it reported. `fields`
    are values of the role's declared fields: those not named stay as the department has reported them, null takes one back.
    """

    person_id = fields.UUID(required=True)
    organisation_id = fields.UUID(required=True)
    role = fields.String(required=True, validate=SLUG)
    from_on = Day(required=True)
    until_on = Day(load_default=None, allow_none=True)
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(AFFILIATION_STATES))
    values = ByName(keys=fields.String(validate=SLUG), data_key="fields", load_default=None, allow_none=True)


class ConfirmAffiliation(Schema):
    affiliation_id = fields.UUID(required=True)


class EndAffiliation(Schema):
    """`until_on` is the first day it no longer holds, today if absent. `reason` must not name anyone."""

    affiliation_id = fields.UUID(required=True)
    until_on = Day(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))


class GetAffiliation(Schema):
    affiliation_id = fields.UUID(required=True)


class ListAffiliations(Listing):
    person_id = fields.UUID()
    organisation_id = fields.UUID()
    role = fields.String(validate=SLUG)
    state = fields.String(validate=validate.OneOf(AFFILIATION_STATES))


class Affiliation(Schema):
    """An affiliation. `created`, `verdict` and `differences` only answer a report: ``differs`` = the record stands."""

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    organisation_id = fields.UUID(required=True)
    role = fields.String(required=True, validate=SLUG)
    state = fields.String(required=True, validate=validate.OneOf(AFFILIATION_STATES))
    from_on = Day(required=True)
    until_on = Day(required=True, allow_none=True)
    values = fields.Dict(required=True, data_key="fields")
    version = fields.Integer(required=True)
    created_at = Instant(required=True)
    reported_by = fields.List(fields.String(), required=True)
    created = fields.Boolean()
    verdict = fields.String(validate=validate.OneOf(REPORT_VERDICTS))
    differences = fields.List(fields.Nested(Difference))


AffiliationPage = page_of(Affiliation)


class AffiliationEvent(Schema):
    """``talent.affiliation.reported|confirmed|changed|ended``; of its fields those whose types cannot name a person."""

    affiliation_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    person_id = fields.UUID(required=True)
    organisation_id = fields.UUID(required=True)
    role = fields.String(required=True)
    state = fields.String(required=True)
    from_on = Day(required=True)
    until_on = Day(load_default=None, allow_none=True)
    values = fields.Dict(load_default=dict, data_key="fields")


_AFFILIATIONS = ("perks.on_affiliation_changed", "events.on_affiliation_changed")
EVENTS: tuple[EventType, ...] = (
    EventType("talent.affiliation.reported.v1", AffiliationEvent, subscribers=_AFFILIATIONS),
    EventType("talent.affiliation.confirmed.v1", AffiliationEvent, subscribers=_AFFILIATIONS),
    EventType("talent.affiliation.changed.v1", AffiliationEvent, subscribers=_AFFILIATIONS),
    EventType("talent.affiliation.ended.v1", AffiliationEvent, subscribers=_AFFILIATIONS),
)
