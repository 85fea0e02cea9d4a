"""What a figure of a city's report is, as data: what it counts, over which days, in which unit, and how it is written.

Lives here: the definition, the requests the services answer for it, and the types that keep persons and attendances apart. No
figure stands here: definitions come with a city's programmes, and go along with the query (ADR 0031).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from marshmallow import ValidationError, fields, validate, validates_schema

from contracts.language.declared import COUNTY_CODE
from contracts.language.messages import Text
from contracts.language.schema import SLUG, Bilingual, ByName, Day, Page, Schema, Whole

#: Mechanism → who counts its records.
MECHANISMS = {
    "registers": "talent",
    "affiliations": "talent",
    "sets": "talent",
    "people": "talent",
    "organisations": "talent",
    "activities": "events",
    "posts": "events",
    "candidacies": "events",
    "matchmaking": "events",
    "schemes": "perks",
    "redemptions": "perks",
    "ledgers": "perks",
    "parameters": "gateway",
    "messages": "notify",
}
RECORDS, SESSIONS, HEADCOUNT, ATTENDANCES, PERSONS = "records", "sessions", "headcount", "attendances", "persons"
ORGANISATIONS, AMOUNT, MEASURE, PARAMETER = "organisations", "amount", "measure", "parameter"
COUNTS = (RECORDS, SESSIONS, HEADCOUNT, ATTENDANCES, PERSONS, ORGANISATIONS, AMOUNT, MEASURE, PARAMETER)
#: What is counted by who or what it is, each once; of what the numbers are added up. Everything else is counted by record.
DISTINCT, ADDED = (PERSONS, ORGANISATIONS), (HEADCOUNT, AMOUNT, MEASURE, PARAMETER)
UNITS = (
    "record", "session", "post", "person", "attendance", "organisation", "fen", "square_metre", "kind", "month", "year",
    "minute", "number", "service",
)  # fmt: skip
#: What is counted → the units it may be counted in: persons, attendances and records are never one another.
UNITS_OF: dict[str, tuple[str, ...]] = {
    PERSONS: ("person",),
    ATTENDANCES: ("attendance",),
    HEADCOUNT: ("attendance", "post"),
    SESSIONS: ("session",),
    ORGANISATIONS: ("organisation",),
    AMOUNT: ("fen",),
}
FLOW, STOCK = "flow", "stock"
KINDS = (FLOW, STOCK)
EXACT, FLOOR, CEILING, NEAR_FLOOR = "exact", "floor", "ceiling", "near_floor"
QUALIFIERS = (EXACT, FLOOR, CEILING, NEAR_FLOOR)
DIGITS, CHINESE, WORDS = "digits", "chinese", "words"
NUMERALS = (DIGITS, CHINESE, WORDS)
SCALES = {"万": 10_000, "亿": 100_000_000}
#: What any record can be narrowed by, besides its declared fields.
REPORTED_BY, ORGANISATION_IN = "reported_by", "organisation_in"
#: The figures of one query.
MOST = 500
#: Days a figure may be requested for; beyond them there are no records.
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2100, 12, 31)
DAYS = validate.Range(min=FIRST_DAY, max=LAST_DAY)

FIGURE_KEY = validate.Regexp(
    r"[a-z0-9][a-z0-9_.@-]{0,79}\Z",
    error=Text("invalid_slug", "只能包含小写字母、数字与 _ . @ -。", "Lower-case letters, digits, _ . @ - only."),
)
PROGRAMME_KEY = validate.Regexp(
    r"[A-Z][0-9]{2,3}\Z",
    error=Text(
        "wrong_format", "应为一个大写字母加两三位数字，如 X07。", "Must be a letter and two or three digits, like X07."
    ),
)
_SCALE = Text(
    "not_one_of",
    "应为万或亿。",
    "Must be the character of ten thousand (U+4E07) or of a hundred million (U+4EBF).",
)
_PLAIN = Text("not_plain", "应为文本、数字或 true、false。", "Must be a text, a number, true or false.")
_UNIT = Text("wrong_unit", "{count} 以 {units} 计，请改写 unit。", "{count} are counted in {units}; write that unit.")
_GRAIN = Text(
    "grain_missing", "取整须写明到哪一位，如 grain = 10。", "A rounded figure needs its grain: 10, for instance."
)
_FIELD = Text("field_missing", "measure 须写明合计哪个字段。", "A measure names the field that is added up.")
_NO_ROLE = Text(
    "role_unexpected", "measure 不按参与方计，请删去 role。", "A measure is not counted by parties; remove the role."
)
_PARAMETER = Text("parameter_missing", "parameter 须写明一个参数。", "A parameter's figure names one parameter.")
_BOTH = Text(
    "counts_otherwise", "count 与 mechanism 须同为参数。", "count = parameter goes with mechanism = parameters."
)
_NO_START = Text("start_unexpected", "只有流量指标有 starts_on。", "Only a flow has starts_on.")


class Plain(fields.Raw):
    """A text, a whole number, or true and false."""

    default_error_messages = {"null": _PLAIN}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str | int) or (isinstance(value, str) and len(value) > 200):
            raise ValidationError([_PLAIN])
        return value


class FigureOf(Schema):
    """What a figure counts: records of which mechanism, narrowed by kinds, states, roles, a programme, a reporter, fields.

    `where` is by key: ``reported_by`` a department, ``organisation_in`` a kind of register with a current entry of the
    organisation's, else the value of a declared field. `field` is the number that a measure adds up.
    """

    mechanism = fields.String(required=True, validate=validate.OneOf([*MECHANISMS]))
    kinds = fields.List(fields.String(validate=SLUG), load_default=list, validate=validate.Length(max=100))
    states = fields.List(fields.String(validate=SLUG), load_default=list, validate=validate.Length(max=10))
    role = fields.String(load_default=None, allow_none=True, validate=SLUG)
    programme = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=80))
    where = ByName(
        keys=fields.String(validate=SLUG), values=Plain(), load_default=dict, validate=validate.Length(max=20)
    )
    field = fields.String(load_default=None, allow_none=True, validate=SLUG)


class FigureDisplay(Schema):
    """How the office writes the number: ``{"qualifier": "floor", "grain": 10}`` writes 743 as 740 and a floor word."""

    qualifier = fields.String(required=True, validate=validate.OneOf(QUALIFIERS))
    grain = Whole(load_default=None, allow_none=True, validate=validate.Range(min=1))
    scale = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*SCALES], error=_SCALE))
    decimals = Whole(load_default=0, validate=validate.Range(min=0, max=4))
    numerals = fields.String(required=True, validate=validate.OneOf(NUMERALS))


class Counting(Schema):
    """What a service needs of a definition. A flow counts what happened from `starts_on` on, without it from 1 January of the
    day's year; a stock what there is on the day.
    """

    key = fields.String(required=True, validate=FIGURE_KEY)
    count = fields.String(required=True, validate=validate.OneOf(COUNTS))
    of = fields.Nested(FigureOf, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    starts_on = Day(load_default=None, allow_none=True, validate=DAYS)


class FigureShape(Counting):
    """A definition but for its names: the unit it is counted in, and the classifier and display it is printed with."""

    number = fields.String(required=True, validate=validate.Length(min=1, max=10))
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))
    classifier = fields.String(required=True, validate=validate.Length(max=20))
    reported_by = fields.List(fields.String(validate=SLUG), load_default=list, validate=validate.Length(max=50))
    display = fields.Nested(FigureDisplay, required=True)
    same_records_as = fields.String(load_default=None, allow_none=True, validate=FIGURE_KEY)
    within = fields.String(load_default=None, allow_none=True, validate=FIGURE_KEY)


def contradictions(figure: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Text]]:
    """What of a definition does not go together: the key that is wrong, and what is wrong with it."""
    count, of, shown = figure["count"], figure["of"], figure["display"]
    units = UNITS_OF.get(count, ())
    if units and figure["unit"] not in units:
        yield ("unit",), _UNIT.format(count=count, units="/".join(units))
    if shown["qualifier"] != EXACT and shown["grain"] is None:
        yield ("display", "grain"), _GRAIN
    if count == MEASURE and of["field"] is None:
        yield ("of", "field"), _FIELD
    if count == MEASURE and of["role"] is not None:
        yield ("of", "role"), _NO_ROLE
    if (count == PARAMETER) != (of["mechanism"] == "parameters"):
        yield ("count",), _BOTH
    if count == PARAMETER and len(of["kinds"]) != 1:
        yield ("of", "kinds"), _PARAMETER
    if figure["kind"] == STOCK and figure["starts_on"] is not None:
        yield ("starts_on",), _NO_START


class FigureDefinition(FigureShape):
    """The definition of one figure. `number` is its number in the city's own list, `within` the figure it is a part of,
    `same_records_as` the one another department reports of the same records: they are counted once.
    """

    name = fields.Nested(Bilingual, required=True)
    note = fields.Nested(Bilingual, load_default=None, allow_none=True)

    @validates_schema
    def _holds_together(self, data: dict[str, Any], **kwargs: Any) -> None:
        wrong: dict[str, Any] = {}
        for (*way, last), text in contradictions(data):
            at = wrong
            for part in way:
                at = at.setdefault(part, {})
            at[last] = [text]
        if wrong:
            raise ValidationError(wrong)


def counting(definition: Mapping[str, Any]) -> dict[str, Any]:
    """What goes to a service of a definition."""
    return {name: definition[name] for name in Counting._declared_fields if definition.get(name) is not None}


class CountFigures(Schema):
    """The figures of these definitions as of the end of a day in Shanghai (today without one), of one county or of all."""

    figures = fields.List(fields.Nested(Counting), required=True, validate=validate.Length(max=MOST))
    as_of = Day(load_default=None, allow_none=True, validate=DAYS)
    county = fields.String(load_default=None, allow_none=True, validate=COUNTY_CODE)


class FigureCount(Schema):
    """One figure: null with `n_records` 0 where nothing of it is on record, or its service does not count such records yet.

    `reported_by`: the departments that reported the records.
    """

    key = fields.String(required=True)
    value = fields.Raw(required=True, allow_none=True)
    n_records = fields.Integer(required=True)
    reported_by = fields.List(fields.String(), required=True)


class FigureCounts(Schema):
    items = fields.List(fields.Nested(FigureCount), required=True)


class FigurePosition(Schema):
    """The last record of a page: where the next one starts."""

    on = Day(required=True)
    id = fields.String(required=True, validate=validate.Length(max=80))
    unit_id = fields.String(required=True, validate=validate.Length(max=80))


class ListFigureRecords(Page):
    """The records behind a figure, by the day they count for."""

    figure = fields.Nested(Counting, required=True)
    as_of = Day(load_default=None, allow_none=True, validate=DAYS)
    county = fields.String(load_default=None, allow_none=True, validate=COUNTY_CODE)
    after = fields.Nested(FigurePosition, load_default=None, allow_none=True)


class FigureRecord(Schema):
    """One record that counts. `label` is no person's name: where a record is a person's, it is null.

    `on` is the day it counts for, `kind` the kind it is of, `amount` what it adds where numbers are added up.
    """

    id = fields.String(required=True)
    label = fields.String(required=True, allow_none=True)
    on = Day(required=True)
    county = fields.String(required=True, allow_none=True)
    amount = fields.Raw(required=True, allow_none=True)
    reported_by = fields.List(fields.String(), required=True)
    kind = fields.String(required=True)


class FigureRecordPage(Schema):
    items = fields.List(fields.Nested(FigureRecord), required=True)
    next_after = fields.Nested(FigurePosition, required=True, allow_none=True)


@dataclass(frozen=True)
class Quantity:
    """So many of one thing. Only quantities of the same thing are added or taken from one another."""

    number: int | Decimal

    def __add__(self, other: Self) -> Self:
        self._require_same(other)
        return type(self)(self.number + other.number)

    def __sub__(self, other: Self) -> Self:
        self._require_same(other)
        return type(self)(self.number - other.number)

    def _require_same(self, other: object) -> None:
        if type(other) is not type(self):
            raise TypeError(f"{type(self).__name__} and {type(other).__name__} are not added")


class Persons(Quantity):
    """People, each once (人)."""


class Attendances(Quantity):
    """Times people took part (人次): who took part twice is two."""


class Units(Quantity):
    """Anything else."""


def quantity(unit: str, number: int | Decimal) -> Quantity:
    """The number as a quantity of its unit."""
    return {"person": Persons, "attendance": Attendances}.get(unit, Units)(number)
