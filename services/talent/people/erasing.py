"""Erasure (删除): all that is personal is taken out of a person's record and out of what departments have reported.

The id stays, so that what the person took part in is counted as before; a later report of the same document is a new person.
Not while a department still serves the person: an affiliation that is open is ended first. Source: PIPL articles 47 and 50.
"""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

from sqlalchemy import delete, text, update

from chassis.ground.logs import redact
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.talent import facts
from services.talent.affiliations import erasing as affiliations
from services.talent.people import announce
from services.talent.people.refusals import PersonNotFound
from services.talent.people.tables import Person, PersonReport

_LOCKED = text(
    """
    select id, erased_at, version, merged_into from people
    where id = (select coalesce(merged_into, id) from people where id = :id)
        or merged_into = (select coalesce(merged_into, id) from people where id = :id)
    order by id for update
    """
)
_NOTHING: dict[str, Any] = dict.fromkeys(
    (
        *("id_number_sealed", "name_sealed", "phone_sealed", "phone_masked", "email_sealed", "email_masked"),
        *("contact_lookup", "registered_by", "born_month"),
    )
)


class PersonStillServed(Refusal):
    """An affiliation of the person is open."""

    kind = "conflict"
    code = "talent.person_still_served"
    zh = "该人员仍有未终止的身份关系，请先终止再删除。"
    en = "The person has an open affiliation. End it first."


def erase_person(work: Work, *, person_id: UUID, reason: str) -> dict[str, Any]:
    """Erase a person and everybody merged into them; twice is the same answer. `reason` must not name anyone.

    Raises PersonNotFound, PersonStillServed.
    """
    rows = work.session.connection().execute(_LOCKED, {"id": person_id}).all()
    if not rows:
        raise PersonNotFound()
    ids = [row.id for row in rows]
    if affiliations.has_open(work, ids):
        raise PersonStillServed()
    for row in rows:
        if row.erased_at is None:
            _erase(work, row, redact(reason))
    affiliations.forget_fields(work, ids)
    facts.forget_facts(work, ids)
    work.session.execute(delete(PersonReport).where(PersonReport.person_id.in_(ids)))
    survivor = next(row for row in rows if row.merged_into is None)
    return {"id": survivor.id, "erased_at": survivor.erased_at or work.now}


def _erase(work: Work, row: Any, reason: str) -> None:
    values = _NOTHING | {
        "id_lookup": os.urandom(32),
        "name_masked": "*",
        "id_number_masked": "****",
        "version": row.version + 1,
        "updated_at": work.now,
        "erased_at": work.now,
    }
    work.session.execute(update(Person).where(Person.id == row.id).values(values))
    work.record("person", row.id, from_state="registered", to_state="erased", reason=reason)
    announce(work, "talent.person.erased.v1", row.id, row.version + 1, row.merged_into, born_month=None)
