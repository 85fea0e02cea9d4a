"""Month of birth of people who were registered before it was kept: found in the document number, in batches, each announced."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text

from chassis.store.work import Work
from services.talent.people import CHANGED, announce
from services.talent.people.keys import ID_NUMBER, PeopleKeys
from services.talent.rules.identity import CITIZEN_NUMBERS, Identity, month_of_birth

FILLED_AT_ONCE = 500

_NEXT = text(
    """
    select id, id_type, id_number_sealed from people
    where born_month is null and id_type in ('resident_id', 'hmt_residence_permit', 'foreign_resident_id')
        and id_number_sealed is not null
    order by id limit :limit for no key update skip locked
    """
)
_FILL = text(
    """
    update people p set born_month = f.born_month, version = p.version + 1, updated_at = :now
    from unnest(cast(:ids as uuid[]), cast(:born_months as date[])) as f (id, born_month) where p.id = f.id
    returning p.id, p.version, p.merged_into, p.born_month
    """
)


def fill_born_months(work: Work, *, keys: PeopleKeys, limit: int = FILLED_AT_ONCE) -> bool:
    """Keep the month of birth of up to `limit` people who have none yet; true when there may be more."""
    months: dict[str, dt.date | None] = {}
    for row in work.session.connection().execute(_NEXT, {"limit": limit}):
        number = keys.open(row.id, ID_NUMBER, bytes(row.id_number_sealed))
        months[str(row.id)] = month_of_birth(Identity(row.id_type, CITIZEN_NUMBERS, number))
    if months:
        bound = {"ids": list(months), "born_months": list(months.values()), "now": work.now}
        for row in work.session.connection().execute(_FILL, bound).all():
            announce(work, CHANGED, row.id, row.version, row.merged_into, born_month=row.born_month)
    return len(months) == limit
