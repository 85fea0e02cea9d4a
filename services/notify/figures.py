"""The figures notify can count from its own records, as of a day in Shanghai."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import text

from chassis.store import figures
from chassis.store.figures import Count
from chassis.store.work import Work

COUNTS = {
    "notify.messages": Count(text("select count(*) from messages where created_at < :until")),
}


def count_figures(work: Work, *, as_of: dt.date | None = None, keys: Collection[str] | None = None) -> dict[str, Any]:
    """The figures notify counts, or those of `keys` among them, as of the end of the day `as_of` (today without one)."""
    return figures.count(work, COUNTS, as_of=as_of, keys=keys)
