"""Reading people within reach, masked. Source: access rules, "Reach"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from chassis.store import records
from chassis.store.work import Work
from services.talent.people import reach
from services.talent.people.refusals import PersonNotFound

_FIRST = str(UUID(int=0))
_ONE = text(f"""{reach.SHOWN} where {reach.IS_OF_ID} and {reach.IS_REACHED}""")
_IDS = text(f"""{reach.SHOWN_RECORD} where {reach.IS_OF_ID} and {reach.IS_REACHED}""")
_NAMES = text(
    """
    select given.id as person_id, p.name_masked from people given join people p on p.id = coalesce(given.merged_into, given.id)
    where given.id = any(cast(:ids as uuid[])) order by given.id
    """
)
_SEVERAL = text(f"""{reach.SHOWN} where p.id = any(cast(:ids as uuid[])) and {reach.IS_REACHED} order by p.id""")
_NEXT = text(reach.NEXT)
_NEXT_REPORTED = text(
    """
    select r.person_id from person_reports r join people p on p.id = r.person_id and p.merged_into is null
    where r.department = :department and r.person_id > cast(:after as uuid) order by r.person_id limit :limit
    """
)
_NEXT_OF_ALL = text(
    """
    select id from people where id > cast(:after as uuid) and merged_into is null order by id limit :limit
    """
)
_NEXT_OF_ONE = text(
    """
    select coalesce(merged_into, id) from people
    where id = cast(:subject as uuid) and coalesce(merged_into, id) > cast(:after as uuid)
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


def list_people(
    work: Work, *, limit: int, after: Mapping[str, Any] | None = None, reported_by: str | None = None
) -> dict[str, Any]:
    """People within reach, masked, in the order of their ids; `reported_by` keeps those a department has reported.

    Who reported a person is shown to the department itself, so of others nothing is found without ``people:all``.
    """
    bound = {**reach.parameters(work), "after": str(after["id"]) if after else _FIRST, "limit": limit + 1}
    ids: Sequence[UUID]
    if work.caller.person_id is not None:
        ids = work.session.connection().execute(_NEXT_OF_ONE, bound).scalars().all()
    elif bound["is_everybodys"]:
        statement = _NEXT_REPORTED if reported_by is not None else _NEXT_OF_ALL
        ids = work.session.connection().execute(statement, bound | {"department": reported_by}).scalars().all()
    elif reported_by is not None:
        is_own = reported_by == work.caller.department
        ids = work.session.connection().execute(_NEXT_REPORTED, bound).scalars().all() if is_own else []
    else:
        ids = work.session.connection().execute(_NEXT, bound).scalars().all()
    shown = work.session.connection().execute(_SEVERAL, bound | {"ids": [str(one) for one in ids[:limit]]})
    return {
        "items": [dict(row) for row in shown.mappings()],
        "next_after": {"id": ids[limit - 1]} if len(ids) > limit else None,
    }
