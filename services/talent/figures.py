"""The figures talent can count from its own records, as of a day in Shanghai.

Each is counted, never stored; a figure no record stands behind is not listed here. Later facts do not change a past day's
count: records count from the day they were recorded, and states are read from the history.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from chassis.clock import SHANGHAI
from chassis.work import Work


@dataclass(frozen=True)
class Figure:
    """A figure: its key, its unit as the report writes it, and the SQL that counts it before the instant ``:until``."""

    key: str
    unit: str
    count: str


_ACTIVE_ORGANISATIONS = (
    "select count(*) from organisations o where o.created_at < :until and 'closed' is distinct from"
    " (select h.to_state from history h where h.subject = 'organisation' and h.subject_id = cast(o.id as text)"
    " and h.recorded_at < :until order by h.recorded_at desc, h.id desc limit 1)"
)

FIGURES = (
    Figure("talent.people", "人", "select count(*) from people where created_at < :until"),
    Figure("talent.organisations", "家", _ACTIVE_ORGANISATIONS),
    Figure("talent.universities", "所", f"{_ACTIVE_ORGANISATIONS} and o.kind = 'university'"),
)


def count_figures(work: Work, *, as_of: dt.date | None = None, keys: Collection[str] | None = None) -> dict[str, Any]:
    """Talent's figures, or those of `keys` it has, as of the end of the day `as_of` (today without one)."""
    day = as_of or work.today
    until = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), SHANGHAI)
    return {"items": [_item(work, figure, day, until) for figure in FIGURES if keys is None or figure.key in keys]}


def _item(work: Work, figure: Figure, day: dt.date, until: dt.datetime) -> dict[str, Any]:
    count = work.session.execute(text(figure.count), {"until": until}).scalar_one()
    return {
        "key": figure.key,
        "value": count,
        "unit": figure.unit,
        "n_records": count,
        "as_of": day,
        "status": "counted",
    }
