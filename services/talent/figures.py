"""The figures talent can count from its own records, as of a day in Shanghai.

Each is counted, never stored; a figure no record stands behind is not listed here. Later facts do not change a past day's
count: records count from the day they were recorded, and states are read from the history.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import text

from chassis.ground.clock import end_of
from chassis.store.work import Work
from contracts.figures import counted

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
    return {"items": [_item(work, key, day) for key in _COUNTS if keys is None or key in keys]}


def _item(work: Work, key: str, day: dt.date) -> dict[str, Any]:
    return counted(key, work.session.execute(_COUNTS[key], {"until": end_of(day)}).scalar_one(), as_of=day)
