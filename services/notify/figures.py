"""The figures notify can count from its own records, as of a day in Shanghai."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import text

from chassis.ground.clock import end_of
from chassis.store.work import Work
from contracts.figures import counted

_COUNTS = {
    "notify.messages": text("select count(*) from messages where created_at < :until"),
}


def count_figures(work: Work, *, as_of: dt.date | None = None, keys: Collection[str] | None = None) -> dict[str, Any]:
    """notify's figures, or those of `keys` it has, as of the end of the day `as_of` (today without one)."""
    day = as_of or work.today
    return {"items": [_item(work, key, day) for key in _COUNTS if keys is None or key in keys]}


def _item(work: Work, key: str, day: dt.date) -> dict[str, Any]:
    return counted(key, work.session.execute(_COUNTS[key], {"until": end_of(day)}).scalar_one(), as_of=day)
