"""Showing a person in full: one a call, for a stated purpose, each on record. Source: access rules, "Reach"."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from chassis.store import records
from chassis.store.work import Work
from services.talent.people import reach, statements
from services.talent.people.keys import ID_NUMBER, PeopleKeys
from services.talent.people.refusals import PersonNotFound
from services.talent.people.statements import SealedParticulars

# sealed under the id of the person they stand at: a merged person's report is that of its own id
_SEALED = text(
    f"""
    select p.id, p.id_type, p.id_number_sealed,
        case when record.is_seen then p.id else r.person_id end as sealed_for,
        case when record.is_seen then p.name_sealed else r.name_sealed end as name,
        case when record.is_seen then p.phone_sealed else r.phone_sealed end as phone,
        case when record.is_seen then p.email_sealed else r.email_sealed end as email
    from people p {reach.ALL_IDS} {reach.WITH_REPORT} where {reach.IS_OF_ID} and {reach.IS_REACHED}
    """
)


def disclose_person(work: Work, *, keys: PeopleKeys, person_id: UUID, purpose: str) -> dict[str, Any]:
    """One person within reach, not masked; `purpose` is what the audit keeps. Raises PersonNotFound."""
    row = records.found_row(work, _SEALED, PersonNotFound, {"id": str(person_id), **reach.parameters(work)})
    shown = statements.opened(row.sealed_for, SealedParticulars(row.name, row.phone, row.email), keys)
    return {
        "id": row.id,
        "name": shown.name,
        "id_type": row.id_type,
        "id_number": keys.open(row.id, ID_NUMBER, bytes(row.id_number_sealed)),
        "phone": shown.phone,
        "email": shown.email,
    }
