"""Programmes as the gateway keeps them: what each is, how far it is, who runs it, and what of it the city's report counts.

Lives here: a programme, and the outline the report is written by. Not here: what a figure is (``contracts.figures``), and what a
programme uses of the services, which they keep themselves.
"""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from contracts.figures import FLOW, PROGRAMME_KEY, UNITS, FigureDefinition
from contracts.language.messages import Text
from contracts.language.schema import SLUG, Bilingual, Schema, Whole

RUNNING, PLANNED, ADVOCATED = "running", "planned", "advocated"
STATUSES = (RUNNING, PLANNED, ADVOCATED)
ROLES = ("lead", "co_organiser", "reporter", "member", "verifier", "backer", "host")
#: The report that is written; its outline is kept under this key.
PROGRESS = "progress"
_REPORT = validate.OneOf(
    [PROGRESS], error=Text("report_unknown", "只有 progress 报告。", "There is the report progress.")
)

_NO_FLOW = Text(
    "flow_unexpected",
    "未实施的项目没有流量可计：请改为 stock，或将 status 改为 running。",
    "What does not run yet has no flow to count: write stock, or the status running.",
)
_TWICE = Text("duplicate", "键重复，请另取。", "This key stands twice; write another.")


def _require_each_once(items: list[dict[str, Any]], part: str) -> None:
    """Raise ValidationError where two items have one key."""
    keys = [one["key"] for one in items]
    if twice := {number: {"key": [_TWICE]} for number, key in enumerate(keys) if key in keys[:number]}:
        raise ValidationError({part: twice})


class ProgrammeClause(Schema):
    """Where the programme stands in the report it comes from, in the city's own words."""

    section = fields.String(required=True, validate=validate.Length(min=1, max=40))
    text = fields.Nested(Bilingual, required=True)


class ProgrammeDepartment(Schema):
    """A department and what it does in the programme."""

    key = fields.String(required=True, validate=SLUG)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))


class ProgrammeParameter(Schema):
    """A number of a rule."""

    key = fields.String(required=True, validate=SLUG)
    name = fields.Nested(Bilingual, required=True)
    value = Whole(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))


class ProgrammeBody(Schema):
    """A programme. `waits_for` are the mechanisms the platform does not have yet; `position` is its place in its chapter.

    Keys of figures and of parameters are unique over all programmes.
    """

    title = fields.Nested(Bilingual, required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    chapter = fields.String(required=True, validate=SLUG)
    position = Whole(required=True, validate=validate.Range(min=1, max=10_000))
    clause = fields.Nested(ProgrammeClause, required=True)
    departments = fields.List(fields.Nested(ProgrammeDepartment), load_default=list, validate=validate.Length(max=50))
    parameters = fields.List(fields.Nested(ProgrammeParameter), load_default=list, validate=validate.Length(max=100))
    waits_for = fields.List(fields.String(validate=SLUG), load_default=list, validate=validate.Length(max=50))
    figures = fields.List(fields.Nested(FigureDefinition), load_default=list, validate=validate.Length(max=100))

    @validates_schema
    def _holds_together(self, data: dict[str, Any], **kwargs: Any) -> None:
        for part in ("parameters", "figures"):
            _require_each_once(data[part], part)
        if data["status"] != RUNNING:
            flows = [number for number, one in enumerate(data["figures"]) if one["kind"] == FLOW]
            if flows:
                raise ValidationError({"figures": {number: {"kind": [_NO_FLOW]} for number in flows}})


class PutProgramme(ProgrammeBody):
    """Add a programme, or replace one; `version` is the one it replaces, null for a new one."""

    key = fields.String(required=True, validate=PROGRAMME_KEY)
    version = Whole(load_default=None, allow_none=True)


class Programme(ProgrammeBody):
    """A programme as it stands."""

    key = fields.String(required=True)
    version = Whole(required=True)
    created = fields.Boolean()


class GetProgramme(Schema):
    key = fields.String(required=True, validate=PROGRAMME_KEY)


class ListProgrammes(Schema):
    """Every programme there is."""


class Programmes(Schema):
    """Programmes, by chapter and position; there are dozens, so there are no pages."""

    items = fields.List(fields.Nested(Programme), required=True)


class OutlineChapter(Schema):
    """A chapter of the report."""

    key = fields.String(required=True, validate=SLUG)
    title = fields.Nested(Bilingual, required=True)


class OutlineBody(Schema):
    """What the report is called, and its chapters in their order."""

    title = fields.Nested(Bilingual, required=True)
    chapters = fields.List(fields.Nested(OutlineChapter), required=True, validate=validate.Length(min=1, max=50))

    @validates_schema
    def _holds_together(self, data: dict[str, Any], **kwargs: Any) -> None:
        _require_each_once(data["chapters"], "chapters")


class PutReportOutline(OutlineBody):
    """Add the outline, or replace it; `version` is the one it replaces, null for a new one."""

    key = fields.String(required=True, validate=_REPORT)
    version = Whole(load_default=None, allow_none=True)


class ReportOutline(OutlineBody):
    """The outline as it stands."""

    key = fields.String(required=True)
    version = Whole(required=True)
    created = fields.Boolean()


class GetReportOutline(Schema):
    key = fields.String(required=True, validate=_REPORT)
