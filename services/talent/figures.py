"""The figures talent can count from its own records, as of a day in Shanghai.

Each is counted, never stored; a figure no record stands behind is not listed here. Later facts do not change a past day's
count: records count from the day they were recorded, and states are read from the history.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import text

from chassis.clock import SHANGHAI
from chassis.work import Work
from contracts.figures import FIGURES

_ACTIVE_ORGANISATIONS = (
    "select count(*) from organisations o where o.created_at < :until and 'closed' is distinct from"
    " (select h.to_state from history h where h.subject = 'organisation' and h.subject_id = cast(o.id as text)"
    " and h.recorded_at < :until order by h.id desc limit 1)"
)

_COUNTS = {
    "talent.people": text("select count(*) from people where created_at < :until"),
    "talent.organisations": text(_ACTIVE_ORGANISATIONS),
    "talent.universities": text(f"{_ACTIVE_ORGANISATIONS} and o.kind = 'university'"),
}


def count_figures(work: Work, *, as_of: dt.date | None = None, keys: Collection[str] | None = None) -> dict[str, Any]:
    """Talent's figures, or those of `keys` it has, as of the end of the day `as_of` (today without one)."""
    day = as_of or work.today
    until = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), SHANGHAI)
    return {"items": [_item(work, key, day, until) for key in _COUNTS if keys is None or key in keys]}


def _item(work: Work, key: str, day: dt.date, until: dt.datetime) -> dict[str, Any]:
    count = work.session.execute(_COUNTS[key], {"until": until}).scalar_one()
    unit = FIGURES[key].unit
    return {"key": key, "value": count, "unit": unit, "n_records": count, "as_of": day, "status": "counted"}
