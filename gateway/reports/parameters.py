"""Figures that are a number of a programme's rule. They are the gateway's own to count, for it keeps the programmes.

A parameter holds in every county and on every day; no record stands behind it but itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from chassis.store.work import Work
from contracts.figures import PARAMETER
from gateway.tables import Programme, ProgrammeParameter

_LEAD = "lead"


def count_figures(
    work: Work,
    *,
    figures: Sequence[Mapping[str, Any]],
    as_of: dt.date | None = None,
    county: str | None = None,
) -> dict[str, Any]:
    """The parameters these definitions name; null where there is none of that key."""
    return {"items": [_counted(one, _found(work, one)) for one in figures]}


def list_figure_records(
    work: Work,
    *,
    figure: Mapping[str, Any],
    as_of: dt.date | None = None,
    county: str | None = None,
    limit: int = 50,
    after: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The parameter as the one record of its figure."""
    found = _found(work, figure)
    if found is None:
        return {"items": [], "next_after": None}
    parameter, departments = found
    about = {"label": parameter.name["zh-CN"], "on": as_of or work.today, "county": None, "kind": "parameter"}
    return {
        "items": [{"id": parameter.key, **about, "amount": parameter.value, "reported_by": departments}],
        "next_after": None,
    }


def _found(work: Work, figure: Mapping[str, Any]) -> tuple[ProgrammeParameter, list[str]] | None:
    """The parameter, and the departments that lead its programme."""
    if figure["count"] != PARAMETER or len(figure["of"]["kinds"]) != 1:
        return None
    statement = select(ProgrammeParameter, Programme.departments).join(
        Programme, Programme.key == ProgrammeParameter.programme_key
    )
    row = work.session.execute(statement.where(ProgrammeParameter.key == figure["of"]["kinds"][0])).one_or_none()
    if row is None:
        return None
    return row[0], sorted(one["key"] for one in row[1] if one["role"] == _LEAD)


def _counted(figure: Mapping[str, Any], found: tuple[ProgrammeParameter, list[str]] | None) -> dict[str, Any]:
    if found is None:
        return {"key": figure["key"], "value": None, "n_records": 0, "reported_by": []}
    return {"key": figure["key"], "value": found[0].value, "n_records": 1, "reported_by": found[1]}
