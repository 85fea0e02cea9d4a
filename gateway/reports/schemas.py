"""The shapes of what is counted, as the API answers it: figures, and the report they make."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.figures import QUALIFIERS, UNITS
from contracts.language.schema import Bilingual, Day, Schema
from contracts.programmes import ADVOCATED, PLANNED, STATUSES, ProgrammeDepartment
from gateway.reports.counting import COUNTED, NOT_REPORTED, UNAVAILABLE

#: What there is to say of a figure; of a programme that does not run yet, that.
FIGURE_STATUSES = (COUNTED, NOT_REPORTED, UNAVAILABLE, PLANNED, ADVOCATED)


class ReportFigure(Schema):
    """One figure. `value` is in `unit`, `display` as the office writes it; both are null where nothing was counted, never 0.

    `reported_by`: the departments that reported the records.
    """

    key = fields.String(required=True)
    value = fields.Float(required=True, allow_none=True)
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))
    qualifier = fields.String(required=True, validate=validate.OneOf(QUALIFIERS))
    display = fields.String(required=True, allow_none=True)
    n_records = fields.Integer(required=True, allow_none=True)
    reported_by = fields.List(fields.String(), required=True)
    status = fields.String(required=True, validate=validate.OneOf(FIGURE_STATUSES))
    records_url = fields.String(required=True)


class ListedFigure(ReportFigure):
    """A figure with its name and its days: `as_of` a day, or from a day until before another."""

    name = fields.Nested(Bilingual, required=True)
    programme = fields.String(required=True)
    as_of = Day(required=True)
    from_on = Day()
    until_on = Day()


class Figures(Schema):
    items = fields.List(fields.Nested(ListedFigure), required=True)


class ReportProgramme(Schema):
    """A programme in the report."""

    key = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    departments = fields.List(fields.Nested(ProgrammeDepartment), required=True)
    figures = fields.List(fields.Nested(ReportFigure), required=True)


class ReportChapter(Schema):
    key = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    programmes = fields.List(fields.Nested(ReportProgramme), required=True)


class ProgressReport(Schema):
    """The report as of the end of a day in Shanghai, of the city or of one county."""

    as_of = Day(required=True)
    county = fields.String(required=True, allow_none=True)
    chapters = fields.List(fields.Nested(ReportChapter), required=True)
