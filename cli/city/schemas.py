"""The shape of a city's files: ``city.toml``, ``departments.toml``, ``organisations.toml`` and ``messages.toml``.

Not here: a programme's file (``programme_schemas``), and what one file says of another (``checking``).
"""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from marshmallow import fields, validate

from contracts.language.messages import Text
from contracts.language.schema import SLUG, Day, Schema, Truth, Whole
from contracts.notify.templates import TemplateBody
from contracts.talent.organisations import ORGANISATION_KINDS
from contracts.talent.values import NAME, NUMBER

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DEPARTMENT_KINDS = ("party_committee", "government", "bureau", "zone", "mass_organisation", "institute")
CITY, DEPARTMENTS, ORGANISATIONS, MESSAGES = "city.toml", "departments.toml", "organisations.toml", "messages.toml"

_DIVISION = validate.Regexp(
    r"[1-9][0-9]{5}\Z", error=Text("wrong_format", "应为六位行政区划代码。", "Must be a division code of six digits.")
)
_ZONE = validate.OneOf(sorted(available_timezones()), error=Text("unknown_zone", "没有该时区。", "No such time zone."))


def text(most: int = 1_000, *, optional: bool = False) -> fields.String:
    """A text of 1 to `most` characters."""
    return fields.String(validate=validate.Length(min=1, max=most), **_presence(optional, None))


def slug(*, optional: bool = False) -> fields.String:
    """A key people give."""
    return fields.String(validate=SLUG, **_presence(optional, None))


def each(schema: type[Schema], *, least: int = 0, data_key: str | None = None) -> fields.List[Any]:
    """Tables of one shape, at least so many."""
    return fields.List(fields.Nested(schema), data_key=data_key, **_length(least))


def slugs(*, least: int = 0) -> fields.List[Any]:
    """Keys, at least so many."""
    return fields.List(fields.String(validate=SLUG), **_length(least))


def _length(least: int) -> dict[str, Any]:
    validators = {"validate": validate.Length(min=least)} if least else {}
    return {**validators, **_presence(not least, list)}


def _presence(optional: bool, default: Any) -> dict[str, Any]:
    return {"load_default": default, "allow_none": default is None} if optional else {"required": True}


class Names(Schema):
    """One text in both languages, as packs write it: ``{ zh = "…", en = "…" }``."""

    zh = text(2_000)
    en = text(2_000)


class County(Schema):
    """A county by its code of GB/T 2260."""

    code = fields.String(required=True, validate=_DIVISION)
    zh = text()
    en = text()


class Holiday(Schema):
    """Days off in a row, both ends included."""

    zh = text()
    en = text()
    first_on = Day(required=True)
    last_on = Day(required=True)


class Year(Schema):
    """A year of the calendar: its official notice, or that there is none yet."""

    year = Whole(required=True, validate=validate.Range(min=2000, max=2100))
    announced = Truth(required=True)
    document = text(optional=True)
    issued_on = Day(load_default=None)
    note = fields.Nested(Names, load_default=None)
    holidays = each(Holiday)
    make_up_days = fields.List(Day(), load_default=list)


class Calendar(Schema):
    """Which days are working days."""

    weekend = fields.List(fields.String(validate=validate.OneOf(WEEKDAYS)), required=True)
    years = each(Year)


class Chapter(Schema):
    """A chapter of the report; its key is the folder of its programmes."""

    key = slug()
    zh = text()
    en = text()


class City(Schema):
    """``city.toml``"""

    key = slug()
    name = fields.Nested(Names, required=True)
    time_zone = fields.String(required=True, validate=_ZONE)
    division = fields.String(required=True, validate=_DIVISION)
    report = fields.Nested(Names, load_default=None)
    chapters = each(Chapter, least=1)
    counties = each(County)
    calendar = fields.Nested(Calendar, required=True)


class Department(Schema):
    """A department, and the most its clients may hold."""

    key = slug()
    zh = text()
    short_zh = text(optional=True)
    en = text()
    kind = fields.String(required=True, validate=validate.OneOf(DEPARTMENT_KINDS))
    number = text(10, optional=True)
    named = Truth(load_default=True)
    scopes = fields.List(fields.String(), required=True)


class Departments(Schema):
    """``departments.toml``"""

    departments = each(Department, least=1)


class Organisation(Schema):
    """An organisation, known by its credit code or else by kind and name; `invented` where a demonstration needs one."""

    key = slug()
    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    zh = fields.String(required=True, validate=NAME)
    en = fields.String(load_default=None, validate=NAME)
    uscc = fields.String(load_default=None, validate=NUMBER)
    invented = Truth(load_default=False)
    trusted_departments = fields.List(fields.String(validate=SLUG), load_default=None)


class DatedMember(Schema):
    """A member with days of its own: from `from_on` until the day before `until_on`."""

    organisation = slug()
    from_on = Day(required=True)
    until_on = Day(load_default=None)


class OrganisationSet(Schema):
    """A named set; `members` belong to it from `from_on`; `stated` is how many its source says there are."""

    key = slug()
    zh = text()
    en = text()
    source = text(500)
    from_on = Day(required=True)
    stated = Whole(load_default=None, validate=validate.Range(min=0))
    members = slugs()
    dated_members = each(DatedMember)


class Organisations(Schema):
    """``organisations.toml``"""

    organisations = each(Organisation)
    sets = each(OrganisationSet)


class Template(TemplateBody):
    """A message template; its texts as packs write them."""

    key = slug()
    subject = fields.Nested(Names, required=True)
    body = fields.Nested(Names, required=True)


class Messages(Schema):
    """``messages.toml``"""

    templates = each(Template)
