"""The figures of the city report, each counted by the service that owns its records."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from flask_smorest import Blueprint
from marshmallow import fields, validate

from chassis.ground import clock
from contracts.figures import FIGURES, AsOf, Figures
from gateway.calls import backend
from gateway.http import reading
from gateway.http.operations import operation

blueprint = Blueprint("reports", __name__, description="统计指标 / Figures")


class FiguresQuery(AsOf):
    key = fields.String(validate=validate.OneOf(sorted(FIGURES)))


QUERY = FiguresQuery()


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
    """All figures, or one by ``key``, as of the end of a day; those of a service that does not answer say so."""
    parameters = reading.query_of(QUERY)
    keys_of: dict[str, list[str]] = defaultdict(list)
    for key, entry in FIGURES.items():
        if parameters.get("key") in (None, key):
            keys_of[entry.service].append(key)
    as_of = parameters.get("as_of")
    queries = [(f"{service}.count_figures", {"keys": keys, "as_of": as_of}) for service, keys in keys_of.items()]
    day = as_of or clock.shanghai_day(clock.now()).isoformat()
    found: dict[str, dict[str, Any]] = {}
    for keys, answer in zip(keys_of.values(), backend.query_all(queries), strict=True):
        if isinstance(answer, Exception):
            found |= {key: _unavailable(key, day) for key in keys}
        else:
            found |= {item["key"]: item for item in answer["items"]}
    return {"items": [found[key] for key in FIGURES if key in found]}


def _unavailable(key: str, day: str) -> dict[str, Any]:
    status = {"as_of": day, "status": "unavailable"}
    return {"key": key, "value": None, "unit": FIGURES[key].unit, "n_records": None, **status}
