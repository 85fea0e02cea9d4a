"""The figures notify can count from its own records, as of a day in Shanghai."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import text

from chassis.clock import SHANGHAI
from chassis.work import Work
from contracts.figures import FIGURES

_COUNTS = {
    "notify.messages": text("select count(*) from messages where created_at < :until"),
}


def count_figures(work: Work, *, as_of: dt.date | None = None, keys: Collection[str] | None = None) -> dict[str, Any]:
    """notify's figures, or those of `keys` it has, as of the end of the day `as_of` (today without one)."""
    day = as_of or work.today
    until = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), SHANGHAI)
    items = []
    for key, statement in _COUNTS.items():
        if keys is None or key in keys:
            count = work.session.execute(statement, {"until": until}).scalar_one()
            about = {"unit": FIGURES[key].unit, "n_records": count, "as_of": day, "status": "counted"}
            items.append({"key": key, "value": count, **about})
    return {"items": items}
