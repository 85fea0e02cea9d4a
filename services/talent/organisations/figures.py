"""What of organisations can be counted."""

from __future__ import annotations

from sqlalchemy import text

from chassis.store.figures import Count
from chassis.store.history import state_as_of

_ACTIVE_ORGANISATIONS = f"""
    select count(*) from organisations o
    where o.created_at < :until and 'closed' is distinct from {state_as_of("organisation", "o.id")}
"""

COUNTS = {
    "talent.organisations": Count(text(_ACTIVE_ORGANISATIONS)),
    "talent.universities": Count(text(f"""{_ACTIVE_ORGANISATIONS} and o.kind = 'university'""")),
}
