"""Reach: which people a caller may see, decided here alone. Outside reach a person does not exist.

A department reaches those it has reported, and those with an open affiliation to a confirmed organisation that trusts it. A
person reaches themself; ``people:all`` reaches everybody. Source: access rules, "Reach".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, text, true

from chassis.store.work import PLATFORM, Work
from services.talent.organisations import lookups
from services.talent.people.tables import PersonReport

#: Condition on ``p.id``: an organisation the person has an open affiliation to trusts the department.
SERVED = """
    exists (
        select 1 from affiliations a join organisations o on o.id = a.organisation_id
        where a.person_id = p.id and a.state <> 'ended'
            and o.confirmed_at is not null and :department = any(o.trusted_departments)
    )
"""
#: Condition on ``p``: the record itself is shown, not only what the department has reported.
SEES_RECORD = f"""
    (:is_everybodys or p.id = cast(:subject as uuid) or p.registered_by = :department or {SERVED})
"""
#: What is shown of a person to the caller. Digits of the number are shown to those who reported it.
SHOWN = f"""
    select p.id, p.name_masked, p.id_type, p.version,
        case when r.person_id is not null or :is_everybodys then p.id_number_masked
            else repeat('*', length(p.id_number_masked) - 4) || right(p.id_number_masked, 4) end as id_number_masked,
        case when record.is_seen then p.phone_masked else r.phone_masked end as phone_masked,
        case when record.is_seen then p.email_masked else r.email_masked end as email_masked,
        case when record.is_seen then p.created_at else r.reported_at end as created_at,
        array(
            select w.department from person_reports w
            where w.person_id = p.id and (:is_everybodys or w.department = :department)
            order by w.reported_at, w.department
        ) as reported_by
    from people p
    left join person_reports r on r.person_id = p.id and r.department = :department and cast(:subject as uuid) is null
    cross join lateral (select {SEES_RECORD} as is_seen) record
"""
#: Whether the caller sees the record of a person, or only what its department has reported.
SHOWN_RECORD = f"""
    select record.is_seen
    from people p
    left join person_reports r on r.person_id = p.id and r.department = :department and cast(:subject as uuid) is null
    cross join lateral (select {SEES_RECORD} as is_seen) record
"""
#: The next people within a department's reach, by id: an index range for its reports, and one for each organisation.
NEXT = """
    select person_id from (
        (
            select person_id from person_reports
            where department = :department and person_id > cast(:after as uuid) order by person_id limit :limit
        )
        union
        (
            select served.person_id from organisations o cross join lateral (
                select distinct a.person_id from affiliations a
                where a.organisation_id = o.id and a.state <> 'ended' and a.person_id > cast(:after as uuid)
                order by a.person_id limit :limit
            ) served
            where o.trusted_departments @> array[:department] and o.confirmed_at is not null
        )
    ) within order by person_id limit :limit
"""
_ANY = text(
    f"""
    select p.id from people p
    left join person_reports r on r.person_id = p.id and r.department = :department and cast(:subject as uuid) is null
    where p.id = any(cast(:ids as uuid[])) and (r.person_id is not null or {SEES_RECORD})
    """
)


def parameters(work: Work) -> dict[str, Any]:
    """What the conditions above are bound to. A token for a person reaches that person alone."""
    person_id = work.caller.person_id
    return {
        "department": work.caller.department if person_id is None else "",
        "subject": str(person_id) if person_id else None,
        "is_everybodys": person_id is None and (work.caller is PLATFORM or work.caller.may("people:all")),
    }


def is_everybodys(work: Work) -> bool:
    """Whether the caller reaches everybody."""
    return bool(parameters(work)["is_everybodys"])


def reaches(work: Work, person_id: Any, organisation_id: Any) -> ColumnElement[bool]:
    """Condition for rows of a person at an organisation: the person is within reach, or the organisation trusts the caller."""
    if is_everybodys(work):
        return true()
    if work.caller.person_id is not None:
        found: ColumnElement[bool] = person_id == work.caller.person_id
        return found
    department = work.caller.department
    reported = select(PersonReport.person_id).where(
        PersonReport.person_id == person_id, PersonReport.department == department
    )
    return or_(reported.exists(), lookups.trusts(department, organisation_id))


def within(work: Work, ids: set[UUID]) -> set[UUID]:
    """Those of the ids that are people within the caller's reach. One statement."""
    bound: Mapping[str, Any] = {"ids": [str(one) for one in ids], **parameters(work)}
    return set(work.session.connection().execute(_ANY, bound).scalars())
