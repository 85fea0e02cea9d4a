"""Entries of registers as rows of a file: what an export is made of."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.declared import COUNTY_CODE
from contracts.language.schema import SLUG, Day, Listing, Position, Schema
from contracts.vocabulary import ENTRY_STATES


class ListRegisterRows(Listing):
    """Entries of one kind as rows, in the columns of its import; filtered as ``ListRegisterEntries``."""

    kind_key = fields.String(required=True, validate=SLUG)
    state = fields.String(validate=validate.OneOf(ENTRY_STATES))
    on = Day()
    county = fields.String(validate=COUNTY_CODE)
    reported_by = fields.String(validate=SLUG)


class RegisterRows(Schema):
    """A page of rows, each with a text for every header; `name` is the kind's in Chinese."""

    name = fields.String(required=True)
    headers = fields.List(fields.String(), required=True)
    items = fields.List(fields.List(fields.String()), required=True)
    next_after = fields.Nested(Position, required=True, allow_none=True)
