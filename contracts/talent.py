"""What talent is asked and what it answers: organisations, sets of them, people, affiliations.

Class names are those of the RPC methods (``register_person`` takes ``RegisterPerson``) and of the records answered.
Imports are in ``talent_imports``, contacts in ``talent_contacts``, events in ``talent_events``, figures in ``figures``.
The law itself (check characters, periods) is talent's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from contracts.messages import Text
from contracts.schema import SLUG, Bilingual, Day, Instant, Page, Schema, Whole, page_of

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
ID_TYPES = (
    "resident_id",
    "hmt_residence_permit",
    "foreign_resident_id",
    "passport",
    "hk_macao_permit",
    "taiwan_permit",
    "military",
)
ROLES = ("student", "staff", "member", "volunteer", "employee")
AFFILIATION_STATES = ("reported", "confirmed", "ended")
VERDICTS = ("accepted", "unchanged", "differs")

MAX_ATTRIBUTES_BYTES = 8_192
MAX_MEMBERS = 1_000

_TOO_LARGE = Text("too_large", "内容过大。", "The content is too large.")


def _small_enough(value: Mapping[str, Any]) -> None:
    if len(json.dumps(value, ensure_ascii=False).encode()) > MAX_ATTRIBUTES_BYTES:
        raise ValidationError([_TOO_LARGE])


_NOT_BLANK = validate.Regexp(r"\s*\S", error=Text("blank", "不能为空白。", "Must not be blank."))
_NAME = (_NOT_BLANK, validate.Length(max=200))
_NUMBER = validate.Length(min=1, max=60)
_EMAIL = validate.Length(min=3, max=254)
_DEPARTMENTS = validate.Length(max=50)


class RegisterOrganisation(Schema):
    """An organisation; the same 统一社会信用代码 again is the same record.

    Without `trusted_departments` the caller's department is the trusted one.
    """

    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    name = fields.String(required=True, validate=_NAME)
    name_en = fields.String(allow_none=True, validate=_NAME)
    uscc = fields.String(allow_none=True, validate=_NUMBER)
    trusted_departments = fields.List(fields.String(validate=SLUG), validate=_DEPARTMENTS)
    attributes = fields.Dict(keys=fields.String(), validate=_small_enough)


class OrganisationChanges(Schema):
    """What of an organisation may be changed; absent = as it is. `attributes` are merged, a null removes one."""

    name = fields.String(validate=_NAME)
    name_en = fields.String(allow_none=True, validate=_NAME)
    uscc = fields.String(allow_none=True, validate=_NUMBER)
    trusted_departments = fields.List(fields.String(validate=SLUG), validate=_DEPARTMENTS)
    attributes = fields.Dict(keys=fields.String(), validate=_small_enough)
    status = fields.String(validate=validate.OneOf(ORGANISATION_STATUSES))


class ChangeOrganisation(Schema):
    """`version` is the one the change was made from (If-Match)."""

    organisation_id = fields.UUID(required=True)
    version = Whole(required=True)
    changes = fields.Nested(OrganisationChanges, required=True)


class GetOrganisation(Schema):
    organisation_id = fields.UUID(required=True)


class ListOrganisations(Page):
    """`q`: part of the name in either language, or the credit code."""

    kind = fields.String(validate=validate.OneOf(ORGANISATION_KINDS))
    status = fields.String(validate=validate.OneOf(ORGANISATION_STATUSES))
    q = fields.String(validate=validate.Length(min=1, max=100))


class Organisation(Schema):
    """An organisation. `trusted_departments` are believed at once when they report its people."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True, allow_none=True)
    uscc = fields.String(required=True, allow_none=True)
    trusted_departments = fields.List(fields.String(), required=True)
    attributes = fields.Dict(required=True)
    status = fields.String(required=True, validate=validate.OneOf(ORGANISATION_STATUSES))
    version = fields.Integer(required=True)
    created_at = Instant(required=True)
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


class RegisterPerson(Schema):
    """A person; a document number that is known is the same person. A phone may be mobile, landline or foreign."""

    name = fields.String(required=True, validate=_NAME)
    id_type = fields.String(required=True, validate=validate.OneOf(ID_TYPES))
    id_number = fields.String(required=True, validate=_NUMBER)
    phone = fields.String(load_default=None, allow_none=True, validate=_NUMBER)
    email = fields.String(load_default=None, allow_none=True, validate=_EMAIL)


class PersonChanges(Schema):
    """What of a person may be corrected; absent = as it is, null removes a phone or an e-mail address."""

    name = fields.String(validate=_NAME)
    phone = fields.String(allow_none=True, validate=_NUMBER)
    email = fields.String(allow_none=True, validate=_EMAIL)


class ChangePerson(Schema):
    """`version` is the one the change was made from (If-Match)."""

    person_id = fields.UUID(required=True)
    version = Whole(required=True)
    changes = fields.Nested(PersonChanges, required=True)


class GetPerson(Schema):
    person_id = fields.UUID(required=True)


class ListPeople(Page):
    """`reported_by`: those this department has reported."""

    reported_by = fields.String(validate=SLUG)


class Person(Schema):
    """A person, masked (张*, 140702********1234, 138****8000, l***@example.com).

    `created` and `verdict` only answer a registration.
    """

    id = fields.UUID(required=True)
    name_masked = fields.String(required=True)
    id_type = fields.String(required=True, validate=validate.OneOf(ID_TYPES))
    id_number_masked = fields.String(required=True)
    phone_masked = fields.String(required=True, allow_none=True)
    email_masked = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)
    created_at = Instant(required=True)
    reported_by = fields.List(fields.String(), required=True)
    created = fields.Boolean()
    verdict = fields.String(validate=validate.OneOf(VERDICTS))


class ReportAffiliation(Schema):
    """What a person is to an organisation from `from_on` until the day before `until_on`.

    Confirmed at once where the organisation trusts the caller's department, unless `state` asks to leave it reported.
    """

    person_id = fields.UUID(required=True)
    organisation_id = fields.UUID(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    from_on = Day(required=True)
    until_on = Day(load_default=None, allow_none=True)
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(AFFILIATION_STATES))


class ConfirmAffiliation(Schema):
    affiliation_id = fields.UUID(required=True)


class EndAffiliation(Schema):
    """`ended_on` is the first day it no longer holds, today if absent. `reason` must not name anyone."""

    affiliation_id = fields.UUID(required=True)
    ended_on = Day(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))


class GetAffiliation(Schema):
    affiliation_id = fields.UUID(required=True)


class ListAffiliations(Page):
    person_id = fields.UUID()
    organisation_id = fields.UUID()
    role = fields.String(validate=validate.OneOf(ROLES))
    state = fields.String(validate=validate.OneOf(AFFILIATION_STATES))


class Affiliation(Schema):
    """An affiliation. `created` and `verdict` only answer a report: ``differs`` = the record says otherwise and stands."""

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    organisation_id = fields.UUID(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    state = fields.String(required=True, validate=validate.OneOf(AFFILIATION_STATES))
    from_on = Day(required=True)
    until_on = Day(required=True, allow_none=True)
    version = fields.Integer(required=True)
    created_at = Instant(required=True)
    reported_by = fields.List(fields.String(), required=True)
    created = fields.Boolean()
    verdict = fields.String(validate=validate.OneOf(VERDICTS))


OrganisationPage = page_of(Organisation)
PersonPage = page_of(Person)
AffiliationPage = page_of(Affiliation)
