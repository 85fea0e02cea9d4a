"""Expiry (到期提醒): an entry whose field ``expires_on`` comes near is announced once, and again when it has another day."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text

from chassis.store.work import Work
from services.talent.registers import statements as rows

REMINDED = "talent.register_entry.reminded.v1"
REMINDED_AT_ONCE = 500

_REMIND = text(
    """
    with due as materialized (
        select id from register_entries
        where expires_on is not null and reminded_on is distinct from expires_on and expires_on between :today and :last
            and same_as is null and (ended_on is null or ended_on > :today)
        order by expires_on limit :limit for no key update skip locked
    )
    update register_entries e set reminded_on = e.expires_on from due where e.id = due.id returning e.id
    """
)


def remind_of_expiry(work: Work, *, reminder_days: int, limit: int = REMINDED_AT_ONCE) -> bool:
    """Announce entries that expire within so many days, at most `limit`; true when there may be more.

    What has ended, or is the same as another, is not announced.
    """
    last = work.today + dt.timedelta(days=reminder_days)
    bound = {"today": work.today, "last": last, "limit": limit}
    ids = work.session.connection().execute(_REMIND, bound).scalars().all()
    for entry in rows.read_ids(work.session, ids).values():
        rows.announce(work, REMINDED, entry)
    return len(ids) == limit
