"""Declared fields: what a kind (of a register, an affiliation, a fact …) says its records carry beside the named columns.

Lives here: the shape of a declaration. Not here: reading a record's values by it, and the columns of files made from it
(``chassis.declared``).
"""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from contracts.language.messages import Text
from contracts.language.schema import SLUG, Bilingual, ByName, Schema, Truth

TEXT, DAY, MONTH, NUMBER, MONEY = "text", "day", "month", "number", "money"
CHOICE, YES_NO, ORGANISATION, PERSON, COUNTY = "choice", "yes_no", "organisation", "person", "county"
#: number: a decimal, unit in the name; money: whole fen; month: ``YYYY-MM``; county: six digits (GB/T 2260).
FIELD_TYPES = (TEXT, DAY, MONTH, NUMBER, MONEY, CHOICE, YES_NO, ORGANISATION, PERSON, COUNTY)
MAX_FIELDS, MAX_CHOICES, MAX_SYNONYMS = 40, 200, 40

#: A division of six digits (GB/T 2260).
COUNTY_CODE = validate.Regexp(
    r"[1-9][0-9]{5}\Z", error=Text("wrong_format", "应为六位行政区划代码。", "Must be a division code of six digits.")
)
_CHOICES = Text("choices_missing", "类型为 choice 的字段须列出 choices。", "A field of type choice lists its choices.")
_NO_CHOICES = Text(
    "choices_unexpected", "只有 choice 类型的字段有 choices。", "Only a field of type choice has choices."
)


class Choice(Schema):
    """One value of a field of type choice."""

    key = fields.String(required=True, validate=SLUG)
    name = fields.Nested(Bilingual, required=True)


class DeclaredField(Schema):
    """One declared field. `synonyms` are further headers by which a column of a file is known."""

    key = fields.String(required=True, validate=SLUG)
    name = fields.Nested(Bilingual, required=True)
    type = fields.String(required=True, validate=validate.OneOf(FIELD_TYPES))
    required = Truth(load_default=False)
    synonyms = fields.List(
        fields.String(validate=validate.Length(min=1, max=100)),
        load_default=list,
        validate=validate.Length(max=MAX_SYNONYMS),
    )
    choices = fields.List(fields.Nested(Choice), load_default=list, validate=validate.Length(max=MAX_CHOICES))

    @validates_schema
    def _has_choices(self, data: dict[str, Any], **kwargs: Any) -> None:
        if bool(data["choices"]) != (data["type"] == CHOICE):
            raise ValidationError({"choices": [_NO_CHOICES if data["choices"] else _CHOICES]})


def declared_fields() -> fields.List[Any]:
    """The fields a kind declares; on the wire they are called ``fields``."""
    return fields.List(
        fields.Nested(DeclaredField), data_key="fields", load_default=list, validate=validate.Length(max=MAX_FIELDS)
    )


def declared_values() -> ByName:
    """A record's values by the keys of its kind's fields; on the wire they are called ``fields``."""
    return ByName(keys=fields.String(validate=SLUG), data_key="fields", load_default=dict)
