"""Organisations and named sets of them: requests, answers and events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from contracts.language.event_types import EventType
from contracts.language.messages import Text
from contracts.language.schema import SLUG, Bilingual, Day, Instant, Listing, Schema, Whole, page_of
from contracts.talent.values import NAME, NUMBER

ORGANISATION_KINDS = (
    "university",
    "scenic_area",
    "enterprise",
    "venue",
    "department",
    "institute",
    "school",
    "incubator",
    "start_up",
    "community",
    "association",
    "hostel",
    "other",
)


ORGANISATION_STATUSES = ("active", "closed")


MAX_ATTRIBUTES_BYTES = 8_192


MAX_MEMBERS = 1_000


_TOO_LARGE = Text("too_large", "内容过大。", "The content is too large.")


def _small_enough(value: Mapping[str, Any]) -> None:
    if len(json.dumps(value, ensure_ascii=False).encode()) > MAX_ATTRIBUTES_BYTES:
        raise ValidationError([_TOO_LARGE])


_DEPARTMENTS = validate.Length(max=50)


class RegisterOrganisation(Schema):
    """An organisation; the same 统一社会信用代码 again is the same record.

    Without `trusted_departments` the caller's department is the trusted one.
    """

    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    name = fields.String(required=True, validate=NAME)
    name_en = fields.String(allow_none=True, validate=NAME)
    uscc = fields.String(allow_none=True, validate=NUMBER)
    trusted_departments = fields.List(fields.String(validate=SLUG), validate=_DEPARTMENTS)
    attributes = fields.Dict(keys=fields.String(), validate=_small_enough)


class OrganisationChanges(Schema):
    """What of an organisation may be changed; absent = as it is. `attributes` are merged, a null removes one."""

    name = fields.String(validate=NAME)
    name_en = fields.String(allow_none=True, validate=NAME)
    uscc = fields.String(allow_none=True, validate=NUMBER)
    trusted_departments = fields.List(fields.String(validate=SLUG), validate=_DEPARTMENTS)
    attributes = fields.Dict(keys=fields.String(), validate=_small_enough)
    state = fields.String(attribute="status", validate=validate.OneOf(ORGANISATION_STATUSES))


class ChangeOrganisation(Schema):
    """`version` is the one the change was made from (If-Match)."""

    organisation_id = fields.UUID(required=True)
    version = Whole(required=True)
    changes = fields.Nested(OrganisationChanges, required=True)


class GetOrganisation(Schema):
    organisation_id = fields.UUID(required=True)


class ConfirmOrganisation(Schema):
    """By the city office; it sees before what the organisation claims, its trusted departments too."""

    organisation_id = fields.UUID(required=True)


class ListOrganisations(Listing):
    """`q`: part of the name in either language, or the credit code."""

    kind = fields.String(validate=validate.OneOf(ORGANISATION_KINDS))
    state = fields.String(attribute="status", validate=validate.OneOf(ORGANISATION_STATUSES))
    q = fields.String(validate=validate.Length(min=1, max=100))


class Organisation(Schema):
    """An organisation. `trusted_departments` are believed at once when they report its people, once the city office has
    confirmed it: `confirmed_at`.
    """

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    name = fields.String(required=True)
    name_en = fields.String(required=True, allow_none=True)
    uscc = fields.String(required=True, allow_none=True)
    trusted_departments = fields.List(fields.String(), required=True)
    attributes = fields.Dict(required=True)
    state = fields.String(attribute="status", required=True, validate=validate.OneOf(ORGANISATION_STATUSES))
    version = fields.Integer(required=True)
    created_at = Instant(required=True)
    confirmed_at = Instant(required=True, allow_none=True)
    reported_by = fields.List(fields.String(), required=True)
    created = fields.Boolean()


class Membership(Schema):
    """A member of a set from `from_on` until the day before `until_on`."""

    organisation_id = fields.UUID(required=True)
    from_on = Day(required=True)
    until_on = Day(load_default=None, allow_none=True)


class PutOrganisationSet(Schema):
    """The whole set; `version` is the one it replaces, null for a new one."""

    key = fields.String(required=True, validate=SLUG)
    version = Whole(load_default=None, allow_none=True)
    name = fields.Nested(Bilingual, required=True)
    members = fields.List(fields.Nested(Membership), required=True, validate=validate.Length(max=MAX_MEMBERS))


class GetOrganisationSet(Schema):
    """With `on`, only the members of that day."""

    key = fields.String(required=True, validate=SLUG)
    on = Day(load_default=None, allow_none=True)


class OrganisationSet(Schema):
    """A named set as last published."""

    key = fields.String(required=True)
    name = fields.Nested(Bilingual, required=True)
    members = fields.List(fields.Nested(Membership), required=True)
    version = fields.Integer(required=True)
    published_at = Instant(required=True)
    created = fields.Boolean()


class ListOrganisationSets(Schema):
    """Every set there is."""


class OrganisationSetSummary(Schema):
    """A set as last published, without its members: `member_count` is how many organisations it names."""

    key = fields.String(required=True)
    name = fields.Nested(Bilingual, required=True)
    member_count = Whole(required=True)
    version = fields.Integer(required=True)
    published_at = Instant(required=True)


class OrganisationSets(Schema):
    """Sets, by key; there are few, so there are no pages."""

    items = fields.List(fields.Nested(OrganisationSetSummary), required=True)


OrganisationPage = page_of(Organisation)


class OrganisationEvent(Schema):
    """``talent.organisation.registered|changed``"""

    organisation_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    status = fields.String(required=True)


class MembershipEvent(Schema):
    """One member of a set, for a half-open period."""

    organisation_id = fields.UUID(required=True)
    from_on = Day(required=True)
    until_on = Day(load_default=None, allow_none=True)


class OrganisationSetEvent(Schema):
    """``talent.organisation_set.published``"""

    key = fields.String(required=True)
    version = fields.Integer(required=True)
    members = fields.List(fields.Nested(MembershipEvent), required=True)


_ORGANISATIONS = ("perks.on_organisation_changed", "events.on_organisation_changed")
EVENTS: tuple[EventType, ...] = (
    EventType("talent.organisation.registered.v1", OrganisationEvent, subscribers=_ORGANISATIONS, person_level=False),
    EventType("talent.organisation.changed.v1", OrganisationEvent, subscribers=_ORGANISATIONS, person_level=False),
    EventType(
        "talent.organisation_set.published.v1",
        OrganisationSetEvent,
        subscribers=("perks.on_organisation_set_published",),
        person_level=False,
    ),
)
