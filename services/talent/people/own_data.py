"""All that is kept of a person, for the person: their record and what each department has reported, not masked.

Source: PIPL article 45. Not here: what other services keep, which the gateway adds.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from chassis.store import records
from chassis.store.work import Work
from services.talent.people import statements
from services.talent.people.disclosing import disclose_person
from services.talent.people.keys import PeopleKeys
from services.talent.people.refusals import PersonNotFound
from services.talent.people.statements import SealedParticulars

_IDS = text(
    """
    select p.id, p.created_at, array(select m.id from people m where m.merged_into = p.id order by m.id) as merged_ids
    from people p where p.id = (select coalesce(g.merged_into, g.id) from people g where g.id = :id) and p.erased_at is null
    """
)
_REPORTS = text(
    """
    select person_id, department, name_sealed, phone_sealed, email_sealed, reported_at from person_reports
    where person_id = any(:ids) order by reported_at, department
    """
)


def export_person(work: Work, *, keys: PeopleKeys, person_id: UUID) -> dict[str, Any]:
    """The record in full and every department's report. Raises PersonNotFound unless the caller acts for this person."""
    row = records.found_row(work, _IDS, PersonNotFound, {"id": person_id})
    ids = [row.id, *row.merged_ids]
    if work.caller.person_id not in ids:
        raise PersonNotFound()
    shown = disclose_person(work, keys=keys, person_id=row.id, purpose="export")
    reports = work.session.connection().execute(_REPORTS, {"ids": ids})
    return {
        **shown,
        "created_at": row.created_at,
        "merged_ids": row.merged_ids,
        "reports": [_report(one, keys) for one in reports],
    }


def _report(row: Any, keys: PeopleKeys) -> dict[str, Any]:
    sealed = SealedParticulars(row.name_sealed, row.phone_sealed, row.email_sealed)
    reported = statements.opened(row.person_id, sealed, keys)
    about = {"department": row.department, "reported_at": row.reported_at}
    return about | {"name": reported.name, "phone": reported.phone, "email": reported.email}
