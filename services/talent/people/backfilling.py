"""Filling the keyed hash of name and phone where rows were written before there was one; afterwards it finds nothing to do."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from chassis.store.work import Work
from services.talent.people.keys import NAME, PHONE, PeopleKeys

FILLED_AT_ONCE = 500
_PEOPLE = text(
    """
    select id as person_id, null as department, name_sealed, phone_sealed from people
    where contact_lookup is null and phone_sealed is not null order by id limit :limit for no key update skip locked
    """
)
_REPORTS = text(
    """
    select person_id, department, name_sealed, phone_sealed from person_reports
    where contact_lookup is null and phone_sealed is not null order by person_id limit :limit for no key update skip locked
    """
)
_FILL_PEOPLE = text("""update people set contact_lookup = :lookup where id = :person_id""")
_FILL_REPORTS = text(
    """
    update person_reports set contact_lookup = :lookup where person_id = :person_id and department = :department
    """
)


def fill_contact_lookups(work: Work, *, keys: PeopleKeys, limit: int = FILLED_AT_ONCE) -> bool:
    """Fill at most `limit` records and as many reports; true when there may be more."""
    full = False
    for found, fill in ((_PEOPLE, _FILL_PEOPLE), (_REPORTS, _FILL_REPORTS)):
        rows = work.session.connection().execute(found, {"limit": limit}).all()
        if rows:
            work.session.connection().execute(fill, [_filled(row, keys) for row in rows])
        full = full or len(rows) == limit
    return full


def _filled(row: Any, keys: PeopleKeys) -> dict[str, Any]:
    name = keys.open(row.person_id, NAME, bytes(row.name_sealed))
    phone = keys.open(row.person_id, PHONE, bytes(row.phone_sealed))
    return {
        "person_id": row.person_id,
        "department": row.department,
        "lookup": keys.contact_lookup(name, phone),
    }
