"""The figures of the city report that can be counted so far: who counts each, in which unit, by which clause.

Lives here: the register, joined from the subjects, and the shape of an answer. The counting is in each service's
``figures``.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from marshmallow import fields, validate

from contracts import events, notify, perks, talent
from contracts.language.figures import FigureEntry
from contracts.language.schema import Bilingual, Day, Schema

FIGURES: dict[str, FigureEntry] = {
    key: entry
    for subjects in (perks.SUBJECTS, events.SUBJECTS, notify.SUBJECTS, talent.SUBJECTS)
    for subject in subjects
    for key, entry in getattr(subject, "FIGURES", {}).items()
}


#: Days a figure may be requested for; beyond them there are no records.
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2100, 12, 31)
_DAYS = validate.Range(min=FIRST_DAY, max=LAST_DAY)


class AsOf(Schema):
    """A day in Shanghai."""

    as_of = Day(load_default=None, allow_none=True, validate=_DAYS)


class CountFigures(AsOf):
    """As of the end of a day in Shanghai (today without one); without `keys` every figure the service can count."""

    keys = fields.List(fields.String(validate=validate.Length(max=80)), load_default=None, allow_none=True)


class Figure(Schema):
    """One figure. A service that does not answer gives ``value: null, state: unavailable``, never 0.

    With a range, `value` is what came within it: as of its end, less what there was before it began.
    """

    key = fields.String(required=True)
    name = fields.Nested(Bilingual, required=True)
    value = fields.Integer(required=True, allow_none=True)
    unit = fields.String(required=True)
    n_records = fields.Integer(required=True, allow_none=True)
    as_of = Day(required=True)
    from_on = Day()
    until_on = Day()
    state = fields.String(required=True, validate=validate.OneOf(("counted", "unavailable")))


class Figures(Schema):
    items = fields.List(fields.Nested(Figure), required=True)


def counted(key: str, count: int, *, as_of: dt.date) -> dict[str, Any]:
    """A figure as its service answers it, counted from so many records of its own."""
    entry = FIGURES[key]
    about = {"key": key, "name": named(key), "unit": entry.unit}
    return {**about, "value": count, "n_records": count, "as_of": as_of, "state": "counted"}


def named(key: str) -> dict[str, str]:
    """The names of a figure."""
    return {"zh-CN": FIGURES[key].zh, "en": FIGURES[key].en}
