"""Half-open periods: `until_on` is the first day after, None while open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable


def holds(from_on: dt.date, until_on: dt.date | None, day: dt.date) -> bool:
    """Whether the period contains the day."""
    return from_on <= day and (until_on is None or day < until_on)


def next_boundary(days: Iterable[dt.date | None], today: dt.date) -> dt.date | None:
    """The first day after today on which any of the periods begins or ends."""
    return min((day for day in days if day is not None and day > today), default=None)
