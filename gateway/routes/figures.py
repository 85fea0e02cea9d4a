"""The figures of the city report, each counted by the service that owns its records."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from flask_smorest import Blueprint
from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.ground import clock
from contracts.figures import FIGURES, FIRST_DAY, LAST_DAY, AsOf, Figures, named
from contracts.language.messages import Text
from contracts.language.schema import Day
from gateway.calls import backend
from gateway.http import reading
from gateway.http.operations import operation

blueprint = Blueprint("reports", __name__, description="统计指标 / Figures")

_EITHER = Text("either", "as_of 不能与 from、until 同时使用。", "Give as_of, or from and until.")
_BOTH = Text("required", "from 与 until 须同时给出。", "Give both from and until.")
_EMPTY = Text("empty_period", "until 须晚于 from。", "until must be after from.")
#: The day before a range begins must be one that can be counted.
_RANGE = validate.Range(min=FIRST_DAY + dt.timedelta(days=1), max=LAST_DAY)


class FiguresQuery(AsOf):
    """As of the end of a day; or with ``from`` and ``until`` what came from one day until before another."""

    key = fields.String(validate=validate.OneOf(sorted(FIGURES)))
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
_DAY = dt.timedelta(days=1)


@operation(
    blueprint,
    "GET",
    "/v1/figures",
    scope="reports:read",
    summary=("读取统计指标", "Read the figures"),
    query=QUERY,
    answers={200: Figures},
)
def list_figures() -> dict[str, Any]:
    """All figures, or one by ``key``, as of the end of a day or within a range; one that is not answered says so."""
    parameters = reading.query_of(QUERY)
    begin, end = parameters.get("from"), parameters.get("until")
    keys = [key for key in FIGURES if parameters.get("key") in (None, key)]
    if begin is None or end is None:
        day = parameters.get("as_of") or clock.shanghai_day(clock.now()).isoformat()
        (found,) = _counted(keys, day)
    else:
        at_end, before = _counted(keys, _before(end), _before(begin))
        found = {key: _within(at_end[key], before[key]) | {"from_on": begin, "until_on": end} for key in keys}
    return {"items": [found[key] for key in keys]}


def _before(day: str) -> str:
    return (dt.date.fromisoformat(day) - _DAY).isoformat()


def _counted(keys: list[str], *days: str) -> list[dict[str, dict[str, Any]]]:
    """The figures as of the end of each day, by key; each service is queried for each day, all at once."""
    keys_of: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        keys_of[FIGURES[key].service].append(key)
    queries = [
        (f"{service}.count_figures", {"keys": its, "as_of": day}) for day in days for service, its in keys_of.items()
    ]
    answers = iter(backend.query_all(queries))
    found: list[dict[str, dict[str, Any]]] = []
    for day in days:
        found.append({})
        for its, answer in zip(keys_of.values(), answers, strict=False):
            if isinstance(answer, Exception):
                found[-1] |= {key: _unavailable(key, day) for key in its}
            else:
                found[-1] |= {item["key"]: item for item in answer["items"]}
    return found


def _within(at_end: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What came between two counts of a figure; unavailable where either is."""
    if None in (at_end["value"], before["value"]):
        return _unavailable(at_end["key"], at_end["as_of"])
    return {**at_end, **{name: at_end[name] - before[name] for name in ("value", "n_records")}}


def _unavailable(key: str, day: str) -> dict[str, Any]:
    about = {"key": key, "name": named(key), "unit": FIGURES[key].unit}
    return {**about, "value": None, "n_records": None, "as_of": day, "state": "unavailable"}
