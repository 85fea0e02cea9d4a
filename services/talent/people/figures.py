"""What of people can be counted."""

from __future__ import annotations

from sqlalchemy import text

from chassis.store.figures import Count

COUNTS = {
    "talent.people": Count(
        text(
            """
            select count(*) from people where created_at < :until
            """
        )
    )
}
