"""Reading people within reach, masked. Source: access rules, "Reach"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from chassis.store import records
from chassis.store.work import Work
from services.talent.people import reach
from services.talent.people.refusals import PersonNotFound

_ONE = text(f"""{reach.SHOWN} where {reach.IS_OF_ID} and {reach.IS_REACHED}""")
_IDS = text(f"""{reach.SHOWN_RECORD} where {reach.IS_OF_ID} and {reach.IS_REACHED}""")
_NAMES = text(
    """
    select given.id as person_id, p.name_masked from people given join people p on p.id = coalesce(given.merged_into, given.id)
    where given.id = any(cast(:ids as uuid[])) order by given.id
    """
)


def get_person(work: Work, *, person_id: UUID) -> dict[str, Any]:
    """One person within reach, masked; a merged one's id answers with whom they are merged into. Raises PersonNotFound."""
    return dict(records.found(work, _ONE, PersonNotFound, {"id": str(person_id), **reach.parameters(work)}))


def get_person_ids(work: Work, *, person_id: UUID) -> dict[str, Any]:
    """The id a person answers with, and those of whom is merged into them; nothing about them. Raises PersonNotFound."""
    return dict(records.found(work, _IDS, PersonNotFound, {"id": str(person_id), **reach.parameters(work)}))


def read_names(work: Work, *, person_ids: Sequence[UUID]) -> dict[str, Any]:
    """Masked names beside the records of a page, in the order of the ids; unknown ids are left out.

    Reach is not checked: the record is before the caller, and shows whose it is (access rules, "Reach").
    """
    found = work.session.connection().execute(_NAMES, {"ids": [str(one) for one in person_ids]})
    return {"items": [dict(row) for row in found.mappings()]}
