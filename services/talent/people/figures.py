"""What of people can be counted."""

from __future__ import annotations

from sqlalchemy import text

from chassis.store.figures import Count

COUNTS = {
    "talent.people": Count(
        text(
            """
            select count(*) from people p where p.created_at < :until and not exists (
                select from duplicate_people d
                where d.provisional_id = p.id and d.state = 'merged' and d.decided_at < :until
            )
            """
        )
    )
}
