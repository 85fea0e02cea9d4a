"""People: requests, answers and events."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from contracts.language.event_types import EventType
from contracts.language.messages import Text
from contracts.language.schema import SLUG, Instant, Listing, Schema, Whole, page_of
from contracts.talent.values import NAME, NUMBER, Difference
from contracts.vocabulary import ID_TYPES, REPORT_VERDICTS

_EMAIL = validate.Length(min=3, max=254)
_DOCUMENT_OR_CONTACT = Text(
    "document_or_contact",
    "请填写 id_type 与 id_number，或者 name 与 phone。",
    "Give id_type and id_number, or name and phone.",
)
_MONTH = validate.Regexp(r"[0-9]{4}-(0[1-9]|1[0-2])\Z")
DUPLICATE_STATES = ("open", "merged", "dismissed")


class RegisterPerson(Schema):
    """A person; a document number that is known is the same person. A phone may be mobile, landline or foreign."""

    name = fields.String(required=True, validate=NAME)
    id_type = fields.String(required=True, validate=validate.OneOf(ID_TYPES))
    id_number = fields.String(required=True, validate=NUMBER)
    phone = fields.String(load_default=None, allow_none=True, validate=NUMBER)
    email = fields.String(load_default=None, allow_none=True, validate=_EMAIL)


class PersonChanges(Schema):
    """What of a person may be corrected; absent = as it is, null removes a phone or an e-mail address."""

    name = fields.String(validate=NAME)
    phone = fields.String(allow_none=True, validate=NUMBER)
    email = fields.String(allow_none=True, validate=_EMAIL)


class ChangePerson(Schema):
    """`version` is the one the change was made from (If-Match)."""

    person_id = fields.UUID(required=True)
    version = Whole(required=True)
    changes = fields.Nested(PersonChanges, required=True)


class GetPerson(Schema):
    person_id = fields.UUID(required=True)


class DisclosePerson(Schema):
    """`purpose` is in the audit, and shown to the person; it must not name anyone."""

    person_id = fields.UUID(required=True)
    purpose = fields.String(required=True, validate=validate.Length(min=2, max=200))


class PersonInFull(Schema):
    """A person, not masked: the record where the caller sees it, else what its department has reported."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    id_type = fields.String(required=True, validate=validate.OneOf(ID_TYPES))
    id_number = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)


class ReadNames(Schema):
    """Masked names of up to 500 people, for records that the caller may see; their service has decided that. No route."""

    person_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(max=500))


class Name(Schema):
    person_id = fields.UUID(required=True)
    name_masked = fields.String(required=True)


class Names(Schema):
    items = fields.List(fields.Nested(Name), required=True)


class PersonIds(Schema):
    """The id a person answers with, and the ids of everybody merged into them."""

    id = fields.UUID(required=True)
    merged_ids = fields.List(fields.UUID(), required=True)


class AfterPerson(Schema):
    """Where a page of people begins: they are in the order of their ids."""

    id = fields.UUID(required=True)


class ListPeople(Listing):
    """`reported_by`: those this department has reported."""

    after = fields.Nested(AfterPerson, load_default=None, allow_none=True)
    reported_by = fields.String(validate=SLUG)


class SearchPeople(Listing):
    """People by a document, or by a name and a phone. Neither may stand in an address, so they go in a body."""

    after = fields.Nested(AfterPerson, load_default=None, allow_none=True)
    id_type = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(ID_TYPES))
    id_number = fields.String(load_default=None, allow_none=True, validate=NUMBER)
    name = fields.String(load_default=None, allow_none=True, validate=NAME)
    phone = fields.String(load_default=None, allow_none=True, validate=NUMBER)

    @validates_schema
    def _is_a_document_or_a_contact(self, data: dict[str, Any], **kwargs: Any) -> None:
        given = {key for key in ("id_type", "id_number", "name", "phone") if data.get(key) is not None}
        if given not in ({"id_type", "id_number"}, {"name", "phone"}):
            raise ValidationError([_DOCUMENT_OR_CONTACT])


class Person(Schema):
    """A person, masked (张*, 140702********1234, 138****8000, l***@example.com).

    `created`, `verdict` and `differences` only answer a registration.
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
    verdict = fields.String(validate=validate.OneOf(REPORT_VERDICTS))
    differences = fields.List(fields.Nested(Difference))


PersonPage = page_of(Person)


class ListDuplicatePeople(Listing):
    state = fields.String(validate=validate.OneOf(DUPLICATE_STATES))


class MergeDuplicatePerson(Schema):
    provisional_id = fields.UUID(required=True)


class DismissDuplicatePerson(Schema):
    provisional_id = fields.UUID(required=True)


class DuplicatePerson(Schema):
    """A provisional person, by its id, and `person_id`, the person whose document it has under another name.

    ``merged``: both ids answer as `person_id`. ``dismissed``: they are two people; a merge that stood before is undone.
    """

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    department = fields.String(required=True)
    client_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(DUPLICATE_STATES))
    created_at = Instant(required=True)
    decided_at = Instant(required=True, allow_none=True)


DuplicatePersonPage = page_of(DuplicatePerson)


class ErasePerson(Schema):
    """`reason` is on record; it must not name anyone."""

    person_id = fields.UUID(required=True)
    reason = fields.String(required=True, validate=validate.Length(min=2, max=200))


class ErasedPerson(Schema):
    """Whose personal data is gone; what they took part in is still counted."""

    id = fields.UUID(required=True)
    erased_at = Instant(required=True)


class ExportPerson(Schema):
    """The person who acts, and no other."""

    person_id = fields.UUID(required=True)


class ReportOfPerson(Schema):
    """What one department has reported of a person."""

    department = fields.String(required=True)
    name = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    reported_at = Instant(required=True)


class ExportedPerson(PersonInFull):
    """All that talent keeps of a person, not masked; `merged_ids` are ids they have answered under, too."""

    created_at = Instant(required=True)
    merged_ids = fields.List(fields.UUID(), required=True)
    reports = fields.List(fields.Nested(ReportOfPerson), required=True)


class PersonEvent(Schema):
    """``talent.person.registered|changed|merged|unmerged|erased``: that somebody is known, and of them the month of birth alone.

    `born_month` is ``YYYY-MM``, from the document number; null where the document has none. Rules by age need no more.
    `merged_into` is the person this one is merged into: whatever either has is that person's, and both ids answer. Null for
    everybody else, so again once a merge is undone. A person who is merged has none merged into them (ADR 0022).
    """

    person_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    merged_into = fields.UUID(load_default=None, allow_none=True)
    born_month = fields.String(load_default=None, allow_none=True, validate=_MONTH)


_KNOWN = ("events.on_person_registered", "perks.on_person_registered")
_MERGES = ("perks.on_person_merged", "events.on_person_merged", "notify.on_person_merged")
EVENTS: tuple[EventType, ...] = (
    EventType("talent.person.registered.v1", PersonEvent, subscribers=_KNOWN),
    EventType("talent.person.changed.v1", PersonEvent, subscribers=_KNOWN),
    EventType("talent.person.merged.v1", PersonEvent, subscribers=(*_MERGES, "perks.on_person_registered")),
    EventType("talent.person.unmerged.v1", PersonEvent, subscribers=(*_MERGES, "perks.on_person_registered")),
    EventType(
        "talent.person.erased.v1", PersonEvent, subscribers=("notify.on_person_erased", "perks.on_person_registered")
    ),
)
