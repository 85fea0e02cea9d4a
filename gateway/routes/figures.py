"""The figures of the city's report, each counted by the service that has its records, and the records behind each."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Response, request, stream_with_context
from flask_smorest import Blueprint
from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.ground import clock
from contracts.figures import (
    DAYS,
    FIGURE_KEY,
    FIRST_DAY,
    LAST_DAY,
    MECHANISMS,
    PROGRAMME_KEY,
    FigureRecordPage,
    ListFigureRecords,
)
from contracts.figures import counting as to_count
from contracts.language.declared import COUNTY_CODE
from contracts.language.messages import Text
from contracts.language.refusals import Invalid
from contracts.language.schema import MAX_LIMIT, Day, Schema
from gateway.calls import backend
from gateway.http import languages, lists, reading
from gateway.http.operations import operation
from gateway.reports import counting, exporting
from gateway.reports.schemas import Figures

blueprint = Blueprint("figures", __name__, description="统计指标 / Figures")
READ = "reports:read"

_EITHER = Text("either", "as_of 不能与 from、until 同时使用。", "Give as_of, or from and until.")
_BOTH = Text("required", "from 与 until 须同时给出。", "Give both from and until.")
_EMPTY = Text("empty_period", "until 须晚于 from。", "until must be after from.")
#: The day before a range begins must be one that can be counted.
_RANGE = validate.Range(min=FIRST_DAY + dt.timedelta(days=1), max=LAST_DAY)


class AsOf(Schema):
    """A day in Shanghai, and a county."""

    as_of = Day(validate=DAYS)
    county = fields.String(validate=COUNTY_CODE)


class FiguresQuery(AsOf):
    """As of the end of a day; or with ``from`` and ``until`` what came from one day until before another."""

    key = fields.String(validate=FIGURE_KEY)
    programme = fields.String(validate=PROGRAMME_KEY)
    from_on = Day(data_key="from", validate=_RANGE)
    until_on = Day(data_key="until", validate=_RANGE)

    @validates_schema
    def _is_a_day_or_a_range(self, data: dict[str, Any], **kwargs: Any) -> None:
        given = [name for name in ("from_on", "until_on") if data.get(name)]
        if given and data.get("as_of"):
            raise ValidationError({"as_of": [_EITHER]})
        if len(given) == 1:
            raise ValidationError({"until" if given == ["from_on"] else "from": [_BOTH]})
        if given and data["until_on"] <= data["from_on"]:
            raise ValidationError({"until": [_EMPTY]})


QUERY = FiguresQuery()
KEY = Schema.from_dict({"key": fields.String(required=True, validate=FIGURE_KEY)}, name="FigureKey")()
RECORDS = lists.query_schema(ListFigureRecords, "figure")


def today() -> str:
    """The city's day, where the client names none."""
    return clock.shanghai_day(clock.now()).isoformat()


@operation(
    blueprint,
    "GET",
    "/v1/figures",
    scope=READ,
    summary=("读取统计指标", "Read the figures"),
    query=QUERY,
    answers={200: Figures},
)
def list_figures() -> dict[str, Any]:
    """All figures, or those of a programme, or one, as of the end of a day or within a range; one that is not answered says so.

    Raises FigureNotFound for an unknown key.
    """
    parameters = reading.query_of(QUERY)
    key, programme, county = (parameters.get(name) for name in ("key", "programme", "county"))
    figures = [counting.figure(key)] if key is not None else counting.all_figures()
    figures = [one for one in figures if programme in (None, one.programme["key"])]
    begin, end = parameters.get("from"), parameters.get("until")
    if begin is None or end is None:
        day = parameters.get("as_of") or today()
        days, found = {"as_of": day}, counting.count(figures, as_of=day, county=county)
    else:
        first, until = dt.date.fromisoformat(begin), dt.date.fromisoformat(end)
        last = (until - dt.timedelta(days=1)).isoformat()
        days = {"as_of": last, "from_on": begin, "until_on": end}
        found = counting.count_within(figures, first, until, county=county)
    return {
        "items": [
            {**found[one.key], "name": one.definition["name"], "programme": one.programme["key"], **days}
            for one in figures
        ]
    }


@operation(
    blueprint,
    "GET",
    "/v1/figures/<figure:key>/records",
    scope=READ,
    summary=("列出指标背后的记录", "List the records behind a figure"),
    query=RECORDS,
    answers={200: lists.page_schema(FigureRecordPage)},
    media=(exporting.CSV,),
    headers={200: ("Link", "Vary", "Content-Disposition")},
)
def list_figure_records(key: str) -> Response:
    """By the day they count for; by Accept also as a file. Raises FigureNotFound."""
    reading.query_of(RECORDS)
    try:
        KEY.load({"key": key})
    except ValidationError as error:
        raise Invalid.of(error) from None
    is_file = request.accept_mimetypes.best_match(["application/json", exporting.CSV], "application/json") != (
        "application/json"
    )

    def read(sent: dict[str, Any]) -> Any:
        definition = counting.figure(key).definition  # once the cursor is known to be one
        call = f"{MECHANISMS[definition['of']['mechanism']]}.list_figure_records"
        fields_ = {name: value for name, value in sent.items() if name != "key"}
        return backend.query(call, {**fields_, "figure": to_count(definition)})

    response = _as_file(key, read) if is_file else lists.page_of("list_figure_records", RECORDS, read, key=key)
    response.vary.add("Accept")
    return response


def _as_file(key: str, read: Any) -> Response:
    filters = {name: value for name, value in reading.query_of(RECORDS).items() if name in ("as_of", "county")}
    sent = {"as_of": today(), **filters, "limit": MAX_LIMIT}
    first = read(sent)
    rows = exporting.lines(first, lambda after: read({**sent, "after": after}), languages.preferred())
    response = Response(stream_with_context(rows), mimetype=exporting.CSV)
    response.headers["Content-Disposition"] = f'attachment; filename="{key.replace("@", "-")}.csv"'
    return response
