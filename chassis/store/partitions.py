"""Tables partitioned by month: months ahead, old months gone, by the functions of ``chassis/store/migrations/months.sql``.

Lives here: which months. Not here: how long rows are kept (``outbox``). The functions hold every call against the database's
own clock, so that a process that runs wild, or runs ahead, can take away nothing that must be kept.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

#: Of the advisory lock under which partitions change, one process at a time.
LOCK_KEY = 0x486F757365  # "House"
_MAKE = text("""select public.make_month(:parent, :first)""")
_DROP = text("""select public.drop_month(:parent, :first)""")
_DELETE = text("""select public.delete_old(:parent, :before, :at_most)""")
_PARENTS = text(
    """select relname from pg_class where relkind = 'p' and relname in ('outbox', 'audit') order by relname"""
)
_MONTHS = text(
    """
    select inhrelid::regclass::text from pg_inherits where inhparent = to_regclass(:parent)
    and inhrelid::regclass::text ~ ('^' || :parent || '_[0-9]{4}_[0-9]{2}$')
    """
)


def prepare(connection: Connection, *, ahead: int = 6) -> None:
    """Create the partitions of this month and the next `ahead` ones, by the database's clock; called after a migration, so a
    new database keeps no row in its default partition and attaching a later month reads nothing.
    """
    first = connection.execute(text("""select date_trunc('month', current_date)::date""")).scalar_one()
    for _ in range(ahead + 1):
        for parent in connection.scalars(_PARENTS).all():
            connection.execute(_MAKE, {"parent": parent, "first": first})
        first = _next_month(first)


def ensure(session: Session, parent: str, now: dt.datetime) -> int:
    """Create the partitions of the next two months that are missing; how many. This month's rows may lie in the default
    partition, and so may rows of a month ahead: such a month stays there.
    """
    created = 0
    first = now.date().replace(day=1)
    for _ in range(2):
        first = _next_month(first)
        created += bool(session.scalar(_MAKE, {"parent": parent, "first": first}))
    return created


def drop_before(session: Session, parent: str, limit: dt.date, *, at_most: int) -> int:
    """Drop the months that ended before `limit`, and delete up to `at_most` as old rows of the default partition; how many
    rows were deleted. What has still to be published stays.
    """
    for name in session.scalars(_MONTHS, {"parent": parent}).all():
        first = dt.date(int(name[-7:-3]), int(name[-2:]), 1)
        if _next_month(first) <= limit:
            session.execute(_DROP, {"parent": parent, "first": first})
    return int(session.scalar(_DELETE, {"parent": parent, "before": limit, "at_most": at_most}) or 0)


def _next_month(first: dt.date) -> dt.date:
    return (first + dt.timedelta(days=32)).replace(day=1)
