"""The figures talent can count from its own records, as of a day in Shanghai.

Each is counted, never stored; a figure no record stands behind is not listed here. Later facts do not change a past day's
count: records count from the day they were recorded, and states are read from the history.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import text

from chassis.store import figures
from chassis.store.figures import Count
from chassis.store.history import state_as_of
from chassis.store.work import Work

_ACTIVE_ORGANISATIONS = f"""
    select count(*) from organisations o
    where o.created_at < :until and 'closed' is distinct from {state_as_of("organisation", "o.id")}
"""

COUNTS = {
    "talent.people": Count(text("select count(*) from people where created_at < :until")),
    "talent.organisations": Count(text(_ACTIVE_ORGANISATIONS)),
    "talent.universities": Count(text(f"{_ACTIVE_ORGANISATIONS} and o.kind = 'university'")),
}


def count_figures(work: Work, *, as_of: dt.date | None = None, keys: Collection[str] | None = None) -> dict[str, Any]:
    """The figures talent counts, or those of `keys` among them, as of the end of the day `as_of` (today without one)."""
    return figures.count(work, COUNTS, as_of=as_of, keys=keys)
