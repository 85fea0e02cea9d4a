"""Registers (台账): kinds of registers, and the entries departments report for them. Requests, answers and events."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from contracts.language.declared import COUNTY_CODE, declared_fields, declared_values
from contracts.language.event_types import EventType
from contracts.language.messages import Text
from contracts.language.schema import SLUG, Bilingual, Day, Instant, Listing, Schema, Truth, Whole, page_of
from contracts.talent.organisations import ORGANISATION_KINDS
from contracts.talent.values import NAME, Difference
from contracts.vocabulary import ENTRY_STATES, REPORT_VERDICTS

#: Who can take part in an entry.
PERSON_PARTY = "person"
PARTY_KINDS = (PERSON_PARTY, *ORGANISATION_KINDS)
MAX_PARTIES = 50
#: Beside the keys of fields and roles of parties: what an entry may be known by.
TITLE = "title"

_FEW = validate.Length(min=1, max=20)
_EITHER = Text("either", "请填写 organisation_id 或 person_id 其中之一。", "Give organisation_id or person_id.")


class RegisterState(Schema):
    """A state of a register's entries, in the city's words."""

    key = fields.String(required=True, validate=validate.OneOf(ENTRY_STATES))
    name = fields.Nested(Bilingual, required=True)


class PartyRole(Schema):
    """Who takes part in an entry: organisations of these kinds or persons, at `least` so many, at `most` so many.

    `may_be_new`: a row of a file that names an unknown organisation registers it, unconfirmed.
    """

    role = fields.String(required=True, validate=SLUG)
    name = fields.Nested(Bilingual, required=True)
    of = fields.List(fields.String(validate=validate.OneOf(PARTY_KINDS)), required=True, validate=_FEW)
    least = Whole(load_default=1, validate=validate.Range(min=0, max=MAX_PARTIES))
    most = Whole(load_default=None, allow_none=True, validate=validate.Range(min=1, max=MAX_PARTIES))
    may_be_new = Truth(load_default=False)


class RegisterKindBody(Schema):
    """A kind of register. `programme` is the programme it belongs to.

    An entry is known by its `natural_key`: ``title``, roles of parties, keys of fields. The departments that may report are the
    `reporters`; where their values differ, the record has those of the one that stands first.
    """

    name = fields.Nested(Bilingual, required=True)
    programme = fields.String(required=True, validate=SLUG)
    declared = declared_fields()
    natural_key = fields.List(fields.String(validate=SLUG), required=True, validate=_FEW)
    states = fields.List(fields.Nested(RegisterState), required=True, validate=validate.Length(min=1, max=5))
    parties = fields.List(fields.Nested(PartyRole), load_default=list, validate=validate.Length(max=20))
    reporters = fields.List(fields.String(validate=SLUG), required=True, validate=validate.Length(min=1, max=50))


class PutRegisterKind(RegisterKindBody):
    """Add a kind, or replace one; `version` is the one it replaces, null for a new kind. The `natural_key` of a kind that has
    entries stays.
    """

    key = fields.String(required=True, validate=SLUG)
    version = Whole(load_default=None, allow_none=True)


class RegisterKind(RegisterKindBody):
    """A kind of register as it stands."""

    key = fields.String(required=True)
    version = Whole(required=True)
    created = fields.Boolean()


class GetRegisterKind(Schema):
    key = fields.String(required=True, validate=SLUG)


class ListRegisterKinds(Schema):
    """Every kind there is."""


class RegisterKinds(Schema):
    """Kinds, by key; there are few, so there are no pages."""

    items = fields.List(fields.Nested(RegisterKind), required=True)


class EntryDays(Schema):
    """The days on which an entry reached its states, as they happened; one at least. Its state is the last one reached."""

    proposed_on = Day(load_default=None, allow_none=True)
    agreed_on = Day(load_default=None, allow_none=True)
    running_on = Day(load_default=None, allow_none=True)
    done_on = Day(load_default=None, allow_none=True)
    ended_on = Day(load_default=None, allow_none=True)


class EntryParty(Schema):
    """An organisation or a person in a role."""

    role = fields.String(required=True, validate=SLUG)
    organisation_id = fields.UUID(load_default=None, allow_none=True)
    person_id = fields.UUID(load_default=None, allow_none=True)

    @validates_schema
    def _is_one(self, data: dict[str, Any], **kwargs: Any) -> None:
        if (data["organisation_id"] is None) == (data["person_id"] is None):
            raise ValidationError({"organisation_id": [_EITHER]})


class ReportRegisterEntry(EntryDays):
    """What the caller's department has on record. The same natural key again is the same entry; each department's values stay its
    own, and sending again replaces them.
    """

    kind_key = fields.String(required=True, validate=SLUG)
    title = fields.String(load_default=None, allow_none=True, validate=NAME)
    county = fields.String(load_default=None, allow_none=True, validate=COUNTY_CODE)
    parties = fields.List(fields.Nested(EntryParty), load_default=list, validate=validate.Length(max=MAX_PARTIES))
    values = declared_values()


class GetRegisterEntry(Schema):
    """With `on`, the state is that of this day."""

    entry_id = fields.UUID(required=True)
    on = Day(load_default=None, allow_none=True)


class ListRegisterEntries(Listing):
    """Entries, each once: those that are the same as another are left out.

    `state` as of the day `on` (today without one); `q`: part of the title; `reported_by`: a department that reported it;
    `from_on` and `until_on`: reached a state in this half-open period.
    """

    kind_key = fields.String(validate=SLUG)
    programme = fields.String(validate=SLUG)
    state = fields.String(validate=validate.OneOf(ENTRY_STATES))
    on = Day()
    from_on = Day()
    until_on = Day()
    organisation_id = fields.UUID()
    county = fields.String(validate=COUNTY_CODE)
    reported_by = fields.String(validate=SLUG)
    q = fields.String(validate=validate.Length(min=1, max=100))


class NamedParty(Schema):
    """A party as answers have it: with an organisation's name, without a person's."""

    role = fields.String(required=True)
    organisation_id = fields.UUID(required=True, allow_none=True)
    person_id = fields.UUID(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)


class RegisterEntry(Schema):
    """An entry as it stands; `state` is null before its first day. `created`, `verdict` and `differences` only answer a report:
    ``differs`` = the record has the values of a department that stands before the caller's among the kind's reporters.

    `same_as`: the entry it is a second record of; figures and lists leave it out.
    """

    id = fields.UUID(required=True)
    kind_key = fields.String(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True, allow_none=True, validate=validate.OneOf(ENTRY_STATES))
    proposed_on = Day(required=True, allow_none=True)
    agreed_on = Day(required=True, allow_none=True)
    running_on = Day(required=True, allow_none=True)
    done_on = Day(required=True, allow_none=True)
    ended_on = Day(required=True, allow_none=True)
    county = fields.String(required=True, allow_none=True)
    parties = fields.List(fields.Nested(NamedParty), required=True)
    values = fields.Dict(required=True, data_key="fields")
    same_as = fields.UUID(required=True, allow_none=True)
    version = fields.Integer(required=True)
    created_at = Instant(required=True)
    reported_by = fields.List(fields.String(), required=True)
    created = fields.Boolean()
    verdict = fields.String(validate=validate.OneOf(REPORT_VERDICTS))
    differences = fields.List(fields.Nested(Difference))


RegisterEntryPage = page_of(RegisterEntry)


class ListEntryReports(Schema):
    """What each department says of an entry."""

    entry_id = fields.UUID(required=True)


class EntryReport(EntryDays):
    """One department's own values; `differs`: the columns in which the record has another's."""

    department = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)
    county = fields.String(required=True, allow_none=True)
    values = fields.Dict(required=True, data_key="fields")
    parties = fields.List(fields.Nested(NamedParty), required=True)
    differs = fields.List(fields.String(), required=True)
    reported_at = Instant(required=True)


class EntryReports(Schema):
    """By department; there are few, so there are no pages."""

    items = fields.List(fields.Nested(EntryReport), required=True)


class MarkSameEntry(Schema):
    """`same_as` is the entry that counts; both ids answer."""

    entry_id = fields.UUID(required=True)
    same_as = fields.UUID(required=True)


class UnmarkSameEntry(Schema):
    """The reversal: both count again."""

    entry_id = fields.UUID(required=True)


class RegisterEntryEvent(Schema):
    """``talent.register_entry.reported|changed|reminded``: no title and no text, for they may name a person."""

    entry_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    kind_key = fields.String(required=True)
    state = fields.String(required=True)
    proposed_on = Day(load_default=None, allow_none=True)
    agreed_on = Day(load_default=None, allow_none=True)
    running_on = Day(load_default=None, allow_none=True)
    done_on = Day(load_default=None, allow_none=True)
    ended_on = Day(load_default=None, allow_none=True)
    county = fields.String(load_default=None, allow_none=True)
    organisation_ids = fields.List(fields.UUID(), required=True)
    reported_by = fields.List(fields.String(), required=True)
    same_as = fields.UUID(load_default=None, allow_none=True)
    expires_on = Day(load_default=None, allow_none=True)


EVENTS: tuple[EventType, ...] = (
    EventType("talent.register_entry.reported.v1", RegisterEntryEvent, person_level=False),
    EventType("talent.register_entry.changed.v1", RegisterEntryEvent, person_level=False),
    EventType("talent.register_entry.reminded.v1", RegisterEntryEvent, person_level=False),
)
