"""Figures counted: each definition goes to the service that has its records, one query for each service, all at once.

A service that does not answer leaves its figures unavailable, and never at nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from contracts.figures import FLOW, MECHANISMS, counting, quantity
from contracts.language.refusals import Refusal
from contracts.programmes import RUNNING
from gateway.calls import backend
from gateway.reports.displays import display

COUNTED, NOT_REPORTED, UNAVAILABLE = "counted", "not_reported", "unavailable"
_DAY = dt.timedelta(days=1)
_NONE: dict[str, Any] = {"value": None, "n_records": 0, "reported_by": []}


class Figure(NamedTuple):
    """A definition and the programme it stands in."""

    programme: Mapping[str, Any]
    definition: Mapping[str, Any]

    @property
    def key(self) -> str:
        return str(self.definition["key"])


class FigureNotFound(Refusal):
    """No programme has a figure of this key."""

    kind = "not_found"
    code = "figure_not_found"
    zh = "未找到该指标。"
    en = "There is no such figure."


def all_figures() -> list[Figure]:
    """Every figure there is, in the order of the report."""
    programmes = backend.query("gateway.list_programmes", {})["items"]
    return [Figure(programme, one) for programme in programmes for one in programme["figures"]]


def figure(key: str) -> Figure:
    """The figure of a key. Raises FigureNotFound."""
    for one in all_figures():
        if one.key == key:
            return one
    raise FigureNotFound()


def count(figures: Sequence[Figure], *, as_of: str, county: str | None) -> dict[str, dict[str, Any]]:
    """Key → the figure as of the end of a day, as it is answered."""
    (found,) = _counted([_Query([one.definition for one in figures], as_of)], county)
    return {one.key: answer(one, found[one.key], as_of=as_of, county=county) for one in figures}


def count_within(
    figures: Sequence[Figure], begin: dt.date, end: dt.date, *, county: str | None
) -> dict[str, dict[str, Any]]:
    """Key → the figure from one day until before another: of a flow what happened in between, of a stock what was added."""
    last, before = (end - _DAY).isoformat(), (begin - _DAY).isoformat()
    flows = [{**one.definition, "starts_on": begin.isoformat()} for one in figures if one.definition["kind"] == FLOW]
    stocks = [one.definition for one in figures if one.definition["kind"] != FLOW]
    at_end, at_begin = _counted([_Query([*flows, *stocks], last), _Query(stocks, before)], county)
    found = {}
    for one in figures:
        counted = at_end[one.key]
        if one.definition["kind"] != FLOW:
            counted = _added(one.definition["unit"], counted, at_begin[one.key])
        found[one.key] = answer(one, counted, as_of=last, county=county)
    return found


def answer(one: Figure, counted: Mapping[str, Any] | None, *, as_of: str, county: str | None) -> dict[str, Any]:
    """A figure as the report has it; what was not counted has neither a value nor a display."""
    status, value = _status(one, counted), None if counted is None else counted["value"]
    within = f"&county={county}" if county else ""
    return {
        "key": one.key,
        "value": value,
        "unit": one.definition["unit"],
        "qualifier": one.definition["display"]["qualifier"],
        "display": None if value is None else display(value, one.definition),
        "n_records": None if counted is None else counted["n_records"],
        "reported_by": [] if counted is None else counted["reported_by"],
        "status": status,
        "records_url": f"/v1/figures/{one.key}/records?as_of={as_of}{within}",
    }


def _status(one: Figure, counted: Mapping[str, Any] | None) -> str:
    if counted is None:
        return UNAVAILABLE
    if one.programme["status"] != RUNNING:
        return str(one.programme["status"])
    return NOT_REPORTED if counted["value"] is None else COUNTED


class _Query(NamedTuple):
    definitions: Sequence[Mapping[str, Any]]
    as_of: str


def _counted(queries: Sequence[_Query], county: str | None) -> list[dict[str, dict[str, Any] | None]]:
    """For each query key → what its service counted, None where it did not answer."""
    calls: list[tuple[str, dict[str, Any]]] = []
    keys_of: list[tuple[int, list[str]]] = []
    for number, one in enumerate(queries):
        by_service: dict[str, list[dict[str, Any]]] = {}
        for definition in one.definitions:
            by_service.setdefault(MECHANISMS[definition["of"]["mechanism"]], []).append(counting(definition))
        for service, definitions in by_service.items():
            sent = {"figures": definitions, "as_of": one.as_of, **({"county": county} if county else {})}
            calls.append((f"{service}.count_figures", sent))
            keys_of.append((number, [definition["key"] for definition in definitions]))
    found: list[dict[str, dict[str, Any] | None]] = [{} for _ in queries]
    for (number, keys), reply in zip(keys_of, backend.query_all(calls), strict=True):
        is_missing = isinstance(reply, Exception)
        items = {} if is_missing else {item["key"]: item for item in reply["items"]}
        found[number] |= {key: None if is_missing else items.get(key, _NONE) for key in keys}
    return found


def _added(unit: str, at_end: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What came between two counts of a stock; None where either is missing. Persons are taken from persons alone."""
    if at_end is None or before is None:
        return None
    if at_end["value"] is None:
        return dict(at_end)
    change = quantity(unit, Decimal(str(at_end["value"]))) - quantity(unit, Decimal(str(before["value"] or 0)))
    number = int(change.number) if change.number == int(change.number) else float(change.number)
    return {**at_end, "value": number, "n_records": at_end["n_records"] - before["n_records"]}
