"""Which page of a list is wanted: its order, its times, where it begins, and whether the whole list is counted.

Standard library only, so that rules may use it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_LIMIT = 50
#: By when a record was made: oldest or newest first.
ASCENDING, DESCENDING = "asc", "desc"
ORDERS = (ASCENDING, DESCENDING)
EXACT, ESTIMATE, AT_LEAST = "exact", "estimate", "at_least"
COUNTS = (EXACT, ESTIMATE)
#: What a count turns out to be.
COUNTED = (EXACT, ESTIMATE, AT_LEAST)


@dataclass(frozen=True)
class Paging:
    """A page: `limit` records after the position `after`, in an order, of those made in [`created_from`, `created_until`) and
    made or changed at `updated_since` or later. `count` says whether, and how, the whole list is counted too.
    """

    limit: int = DEFAULT_LIMIT
    after: Mapping[str, Any] | None = None
    order: str = ASCENDING
    created_from: dt.datetime | None = None
    created_until: dt.datetime | None = None
    updated_since: dt.datetime | None = None
    count: str | None = None

    @property
    def is_descending(self) -> bool:
        return self.order == DESCENDING
