"""Reach: which people a caller may see, decided here alone. Outside reach a person does not exist.

A department reaches those it has reported, and those with an open affiliation to a confirmed organisation that trusts it. A
person reaches themself; ``people:all`` reaches everybody. Whoever reaches a merged person reaches whom they are merged into.
Source: access rules, "Reach"; ADR 0022.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, column, func, or_, select, table, text, true
from sqlalchemy.orm import aliased

from chassis.store.work import PLATFORM, Work
from contracts.vocabulary import ENDED
from services.talent.organisations import lookups
from services.talent.people.tables import Person, PersonReport

#: To be joined after ``p``, a person who is not merged: `ids` are that person's, and those of everybody merged into them.
#: ``offset 0`` keeps the planner from writing the subquery out at every mention. Below it keeps the planner to one look-up by
#: index for each id, where it would rather join with all that the department has reported.
ALL_IDS = """
    cross join lateral (select array(select m.id from people m where m.merged_into = p.id) || p.id as ids offset 0) every
"""
#: Condition on ``every.ids``: an organisation the person has an open affiliation to trusts the department.
SERVED = """
    exists (
        select 1 from unnest(every.ids) one (id) cross join lateral (
            select 1 from affiliations a join organisations o on o.id = a.organisation_id
            where a.person_id = one.id and a.state <> 'ended'
                and o.confirmed_at is not null and :department = any(o.trusted_departments)
            offset 0
        ) serving
    )
"""
_SEES_RECORD = f"""
    (:is_everybodys or cast(:subject as uuid) = any(every.ids) or p.registered_by = :department or {SERVED})
"""
#: To be joined after ALL_IDS: ``r``, what the department has reported, and whether the record itself is shown to the caller.
WITH_REPORT = f"""
    left join lateral (
        select w.* from unnest(every.ids) one (id) cross join lateral (
            select * from person_reports where person_id = one.id and department = :department offset 0
        ) w
        where cast(:subject as uuid) is null order by w.person_id <> p.id limit 1
    ) r on true
    cross join lateral (select {_SEES_RECORD} as is_seen offset 0) record
"""
#: Condition: the caller reaches ``p``. An erased person is out of everybody's reach.
IS_REACHED = """(p.erased_at is null and (record.is_seen or r.person_id is not null))"""
#: What is shown of a person to the caller. Digits of the number are shown to those who reported it.
SHOWN = f"""
    select p.id, p.name_masked, p.id_type, p.version,
        case when r.person_id is not null or :is_everybodys then p.id_number_masked
            else repeat('*', length(p.id_number_masked) - 4) || right(p.id_number_masked, 4) end as id_number_masked,
        case when record.is_seen then p.phone_masked else r.phone_masked end as phone_masked,
        case when record.is_seen then p.email_masked else r.email_masked end as email_masked,
        case when record.is_seen then p.created_at else r.reported_at end as created_at,
        case when record.is_seen then p.updated_at else r.reported_at end as updated_at,
        array(
            select w.department from unnest(every.ids) one (id) cross join lateral (
                select department, reported_at from person_reports where person_id = one.id offset 0
            ) w
            where :is_everybodys or w.department = :department
            group by w.department order by min(w.reported_at), w.department
        ) as reported_by
    from people p {ALL_IDS} {WITH_REPORT}
"""
#: Whether the caller sees the record of a person, or only what its department has reported; and the other ids of the person.
SHOWN_RECORD = f"""
    select p.id, record.is_seen, array_remove(every.ids, p.id) as merged_ids
    from people p {ALL_IDS} {WITH_REPORT}
"""
#: Condition on ``p``: whom the id stands for, a merged one too.
IS_OF_ID = """p.id = (select coalesce(g.merged_into, g.id) from people g where g.id = cast(:id as uuid))"""


def next_ids(*, is_descending: bool = False) -> str:
    """SQL: the next people within a department's reach, by id: an index range for its reports, one for each organisation, and
    whom those are merged into that it reaches. Without ``:limit`` all of them.
    """
    beyond, order = ("<", "desc") if is_descending else (">", "asc")
    return f"""
        select person_id from (
            (
                select r.person_id from person_reports r join people p on p.id = r.person_id and p.merged_into is null
                where r.department = :department and r.person_id {beyond} cast(:after as uuid)
                order by r.person_id {order} limit :limit
            )
            union
            (
                select served.person_id from organisations o cross join lateral (
                    select distinct a.person_id from affiliations a join people p on p.id = a.person_id and p.merged_into is null
                    where a.organisation_id = o.id and a.state <> 'ended' and a.person_id {beyond} cast(:after as uuid)
                    order by a.person_id {order} limit :limit
                ) served
                where o.trusted_departments @> array[:department] and o.confirmed_at is not null
            )
            union
            (
                select distinct p.merged_into from people p cross join lateral (select array[p.id] as ids) every
                where p.merged_into {beyond} cast(:after as uuid) and (
                    exists (select 1 from person_reports r where r.person_id = p.id and r.department = :department) or {SERVED}
                )
                order by p.merged_into {order} limit :limit
            )
        ) within order by person_id {order} limit :limit
    """


# a department's reports go to the record it has made itself, whichever id it names (ADR 0022)
_RECORDS_OF = text(
    f"""
    select given.id, coalesce(
        (select m.id from people m where m.merged_into = p.id and m.registered_by = :department limit 1), p.id
    ) as record_id
    from people given join people p on p.id = coalesce(given.merged_into, given.id) {ALL_IDS} {WITH_REPORT}
    where given.id = any(cast(:ids as uuid[])) and {IS_REACHED}
    """
)


_AFFILIATIONS = table("affiliations", column("person_id"), column("organisation_id"), column("state"))
_person = aliased(Person)
#: Whom a row counts for, in a statement of ``with_person``: who its person is merged into, if anybody.
PERSON_ID = func.coalesce(_person.merged_into, _person.id)


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


def with_person(statement: Select[Any], person_id: Any) -> Select[Any]:
    """Joins the person of a row, for ``PERSON_ID``."""
    return statement.join(_person, _person.id == person_id)


def unmerged(person_id: UUID) -> Any:
    """Whom an id stands for, as an expression."""
    return select(func.coalesce(Person.merged_into, Person.id)).where(Person.id == person_id).scalar_subquery()


def ids_of(person_id: Any) -> Any:
    """The ids that stand for a person who is not merged: their own, and those of everybody merged into them."""
    one = aliased(Person)
    found = select(one.id).where(or_(one.id == person_id, one.merged_into == person_id))
    # by itself it correlates one level up alone, and would mean anybody further down
    return found.correlate_except(one)


def reaches(work: Work, person_id: Any, organisation_id: Any) -> ColumnElement[bool]:
    """Condition for rows of a person, not merged, at an organisation: the person is within reach, or it trusts the caller."""
    if is_everybodys(work):
        return true()
    if work.caller.person_id is not None:
        found: ColumnElement[bool] = person_id == work.caller.person_id
        return found
    department = work.caller.department
    return or_(_has_reported(department, person_id), lookups.trusts(department, organisation_id))


def _has_reported(department: str, person_id: Any) -> ColumnElement[bool]:
    """Condition: the department has reported the person, or somebody merged into them; each an entry of an index."""
    merged = aliased(Person)
    own = select(PersonReport.person_id).where(PersonReport.department == department)
    of_merged = own.join(merged, merged.id == PersonReport.person_id).where(merged.merged_into == person_id)
    return or_(
        own.where(PersonReport.person_id == person_id).offset(0).correlate_except(PersonReport).exists(),
        of_merged.offset(0).correlate_except(PersonReport, merged).exists(),
    )


def reaches_person(work: Work, person_id: Any) -> ColumnElement[bool]:
    """Condition for rows of a person, not merged: the person is within reach."""
    if is_everybodys(work):
        return true()
    if work.caller.person_id is not None:
        found: ColumnElement[bool] = person_id == work.caller.person_id
        return found
    department = work.caller.department
    served = select(_AFFILIATIONS.c.person_id).where(
        _AFFILIATIONS.c.person_id.in_(ids_of(person_id)),
        _AFFILIATIONS.c.state != ENDED,
        lookups.trusts(department, _AFFILIATIONS.c.organisation_id),
    )
    return or_(_has_reported(department, person_id), served.correlate_except(_AFFILIATIONS).exists())


def hold(work: Work, person_id: UUID) -> None:
    """Keep others who hold the person waiting until this work is over: what is written of the person comes one by one."""
    work.session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))


def records_of(work: Work, ids: set[UUID]) -> dict[UUID, UUID]:
    """For those of the ids that are people within the caller's reach, the record its reports go to. One statement."""
    bound: Mapping[str, Any] = {"ids": [str(one) for one in ids], **parameters(work)}
    return {row.id: row.record_id for row in work.session.connection().execute(_RECORDS_OF, bound)}


def standing_for(work: Work, ids: set[UUID]) -> dict[UUID, UUID]:
    """The id each of these people answers with: their own, or that of whom they are merged into. Reach is not checked."""
    found = select(Person.id, func.coalesce(Person.merged_into, Person.id)).where(Person.id.in_(sorted(ids)))
    return {row[0]: row[1] for row in work.session.execute(found)}
