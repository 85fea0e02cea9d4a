"""Values that several subjects of talent use."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.schema import Bilingual

NAME = validate.Length(min=1, max=200)
NUMBER = validate.Length(min=1, max=60)


class Difference(Bilingual):
    """Where a report differs from the record: the field (RFC 6901, as a fragment), and in words the values, masked."""

    pointer = fields.String(required=True)
    code = fields.String(required=True)
