"""The figures of the city report that can be counted so far: who counts each, in which unit, by which clause.

Lives here: the register and the shape of an answer. The counting is in each service's ``figures.py``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, validate

from contracts.language.schema import Day, Schema


@dataclass(frozen=True)
class FigureEntry:
    """One figure: the service that counts it, its unit as the report prints it, and its clause of the report."""

    service: str
    unit: str
    zh: str
    en: str
    source: str


FIGURES: dict[str, FigureEntry] = {
    "scenic.areas": FigureEntry("perks", "家", "免首道门票的景区", "Scenic areas with a free first gate", "P35, F45"),
    "scenic.universities": FigureEntry("perks", "所", "享受免票的驻地高校", "Universities served by them", "P35, F46"),
    "scenic.redemptions": FigureEntry("perks", "人次", "免票入园", "Free admissions", "P35"),
    "talks.held": FigureEntry("events", "次", "与高校座谈", "Talks with universities held", "P05, F01"),
    "visits.held": FigureEntry("events", "次", "组织学子参观", "Visits of students held", "P06, F02"),
    "job_fairs.held": FigureEntry("events", "场", "招聘会", "Job fairs held", "P22, P23"),
    "startup_activities.held": FigureEntry(
        "events", "场次", "创新创业活动", "Sessions of start-up activities held", "P18, F16"
    ),
    "startup_trainings.held": FigureEntry(
        "events", "场次", "创业教育培训", "Start-up training sessions held", "P20, F19"
    ),
    "lectures.held": FigureEntry("events", "场", "公益讲座", "Public lectures held", "P44, F54"),
    "matchmaking.held": FigureEntry("events", "场次", "婚恋活动", "Matchmaking sessions held", "P42, F50"),
    "notify.messages": FigureEntry("notify", "条", "已生成消息", "Messages made", "A.0"),
    "talent.people": FigureEntry("talent", "人", "在册人员", "People on record", "A.0"),
    "talent.organisations": FigureEntry("talent", "家", "在册单位", "Organisations on record", "A.1"),
    "talent.universities": FigureEntry("talent", "所", "在册高校", "Universities on record", "A.1"),
}


#: Days a figure may be asked for; beyond them nothing was ever counted.
_DAYS = validate.Range(min=dt.date(2000, 1, 1), max=dt.date(2100, 12, 31))


class AsOf(Schema):
    """A day in Shanghai."""

    as_of = Day(load_default=None, allow_none=True, validate=_DAYS)


class CountFigures(AsOf):
    """As of the end of a day in Shanghai (today without one); without `keys` every figure the service can count."""

    keys = fields.List(fields.String(validate=validate.Length(max=80)), load_default=None, allow_none=True)


class Figure(Schema):
    """One figure. A service that does not answer gives ``value: null, status: unavailable``, never 0."""

    key = fields.String(required=True)
    value = fields.Integer(required=True, allow_none=True)
    unit = fields.String(required=True)
    n_records = fields.Integer(required=True, allow_none=True)
    as_of = Day(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("counted", "unavailable")))


class Figures(Schema):
    items = fields.List(fields.Nested(Figure), required=True)


def counted(key: str, count: int, *, as_of: dt.date) -> dict[str, Any]:
    """A figure as its service answers it, counted from so many records of its own."""
    unit = FIGURES[key].unit
    return {"key": key, "value": count, "unit": unit, "n_records": count, "as_of": as_of, "status": "counted"}
