"""perks' own copy of what talent knows: organisations, sets of them, affiliations, facts, months of birth, who is merged into
whom, each as of the newest version received.

Lives here: applying events to the copy, in any order and any number of times; whose facts count for whom. Not here: what
follows from a fact (``evaluation``, ``entitlements.merging``).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.orm import Session

from chassis.ground.clock import shanghai_day
from chassis.rebuilding.compare import Held
from chassis.rebuilding.copies import Copy, newest
from chassis.rebuilding.republish import Page
from chassis.store.work import Work
from contracts.language.envelope import Event
from services.perks.copies.tables import (
    Affiliation,
    BornMonth,
    Fact,
    MergedPerson,
    Organisation,
    OrganisationSet,
    SetMember,
    SetVersion,
)

organisations = Copy(Organisation, id="organisation_id", keeps=("kind", "status"))
affiliations = Copy(
    Affiliation,
    id="affiliation_id",
    keeps=("person_id", "organisation_id", "role", "state", "from_on", "until_on"),
)
facts = Copy(
    Fact,
    id="fact_id",
    keeps=("person_id", "kind_key", "department", "state", "from_on", "until_on", "fields"),
)
born_months = Copy(BornMonth, id="person_id", keeps=("born_month",))
#: Of people only who is merged or was arrives here. So it is none of COPIES: compared with talent's list of everybody, all the
#: others would count as missing. ``born_months`` has everybody.
merged_people = Copy(MergedPerson, id="person_id", keeps=("merged_into",))

#: SQL for the ids whose facts are those of `person`, an expression: that person's, and of everybody merged into them.
ONE_PERSON = "select {person} union all select m.id from merged_people m where m.merged_into = {person}"
_AFFILIATIONS = text(
    f"""
    select p.id as counts_for, a.*, coalesce(o.kind, '') as organisation_kind
    from unnest(cast(:ids as uuid[])) as p (id)
    cross join lateral ({ONE_PERSON.format(person="p.id")}) as one (id)
    left join affiliations a on a.person_id = one.id
    left join organisations o on o.id = a.organisation_id
    where not exists (select from merged_people g where g.id = p.id and g.merged_into is not null)
    order by p.id, a.from_on, a.id
    """
)
_FACTS = text(
    f"""
    select p.id as counts_for, f.*
    from unnest(cast(:ids as uuid[])) as p (id)
    cross join lateral ({ONE_PERSON.format(person="p.id")}) as one (id)
    join facts f on f.person_id = one.id
    order by p.id, f.from_on, f.id
    """
)
# of a merged record only where the survivor's document has none
_MONTHS = text(
    f"""
    select p.id, (
        select b.born_month from ({ONE_PERSON.format(person="p.id")}) as one (id) join born_months b on b.id = one.id
        where b.born_month is not null order by b.id <> p.id, b.born_month limit 1
    ) as born_month
    from unnest(cast(:ids as uuid[])) as p (id)
    """
)
_LINKS = text(
    """
    select id, merged_into from merged_people where merged_into is not null
    and (id = any(cast(:ids as uuid[])) or merged_into = any(cast(:ids as uuid[])))
    """
)


def apply_organisations(work: Work, events: Sequence[Event]) -> bool:
    """Take over organisations newer than the copy; true when the kind of one that has affiliations changed.

    The caller blocks evaluations, or an affiliation written at this moment would be missed.
    """
    kinds = {UUID(event.data["organisation_id"]): event.data["kind"] for event in newest(events)}
    before = select(Organisation.id, Organisation.kind).where(Organisation.id.in_(kinds))
    known = {row.id: row.kind for row in work.session.execute(before)}
    organisations.apply(work, events)
    changed = [key for key, kind in kinds.items() if known.get(key, "") != kind]
    affected = select(Affiliation.id).where(Affiliation.organisation_id.in_(changed)).limit(1)
    return bool(changed) and work.session.scalar(affected) is not None


def apply_sets(session: Session, events: Sequence[Event]) -> list[str]:
    """Take over sets newer than the copy, whole; returns the keys that changed. Every version is kept."""
    _keep_versions(session, events)
    changed = []
    for event in newest(events):
        statement = insert_once(OrganisationSet).values(key=event.data["key"], version=event.version)
        taken = statement.on_conflict_do_update(
            index_elements=["key"],
            set_={"version": event.version},
            where=OrganisationSet.version < event.version,
        ).returning(OrganisationSet.key)
        if session.execute(taken).scalar() is None:
            continue
        changed.append(event.data["key"])
        session.execute(delete(SetMember).where(SetMember.key == event.data["key"]))
        members = [_member(event.data["key"], member) for member in event.data["members"]]
        if members:
            session.execute(insert(SetMember), members)
    return changed


def _keep_versions(session: Session, events: Iterable[Event]) -> None:
    """Late versions too. One sent again may be dated later than its first publication, so the earliest day stands."""
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for event in sorted(events, key=lambda event: event.time, reverse=True):
        key = (event.data["key"], event.version)
        version = {"published_on": shanghai_day(event.time), "members": event.data["members"]}
        rows[key] = {"key": key[0], "version": key[1], **version}
    statement = insert_once(SetVersion)
    earliest = func.least(SetVersion.published_on, statement.excluded.published_on)
    kept = statement.on_conflict_do_update(index_elements=["key", "version"], set_={"published_on": earliest})
    session.connection().execute(kept, [rows[key] for key in sorted(rows)])


def _member(key: str, member: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": key,
        "organisation_id": UUID(member["organisation_id"]),
        "from_on": dt.date.fromisoformat(member["from_on"]),
        "until_on": _day(member.get("until_on")),
    }


def people_of(events: Iterable[Event]) -> list[UUID]:
    """The people events speak of, sorted."""
    return sorted({UUID(event.data["person_id"]) for event in events})


def survivor(person_id: UUID) -> ColumnElement[UUID]:
    """Who a person counts as, for a statement: whoever they are merged into, else themselves."""
    link = select(MergedPerson.merged_into).where(MergedPerson.id == person_id).scalar_subquery()
    return func.coalesce(link, person_id)


def links_of(session: Session, person_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Who is merged into whom, where either is one of these people."""
    found = session.connection().execute(_LINKS, {"ids": sorted(set(person_ids))})
    return {row.id: row.merged_into for row in found}


def affiliations_of(session: Session, person_ids: Iterable[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Each person's affiliations and those of everybody merged into them, with the kind of their organisation, oldest first.

    Who is merged into somebody has no entry: their facts count for the other alone.
    """
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in session.connection().execute(_AFFILIATIONS, {"ids": sorted(set(person_ids))}).mappings():
        affiliation = dict(row)
        theirs = found.setdefault(affiliation.pop("counts_for"), [])
        if affiliation["id"] is not None:
            theirs.append(affiliation)
    return found


def facts_of(session: Session, person_ids: Iterable[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Each person's facts and those of everybody merged into them, oldest first."""
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in session.connection().execute(_FACTS, {"ids": sorted(set(person_ids))}).mappings():
        fact = dict(row)
        found[fact.pop("counts_for")].append(fact)
    return found


def born_months_of(session: Session, person_ids: Iterable[UUID]) -> dict[UUID, dt.date]:
    """Each person's month of birth, by its first day; who has none is missing."""
    rows = session.connection().execute(_MONTHS, {"ids": sorted(set(person_ids))})
    return {row.id: dt.date.fromisoformat(f"{row.born_month}-01") for row in rows if row.born_month is not None}


def next_with_month(after: UUID, limit: int) -> Select[UUID]:
    """The next people whose month of birth is known, by id."""
    known = select(BornMonth.id).where(BornMonth.id > after, BornMonth.born_month.is_not(None))
    return known.order_by(BornMonth.id).limit(limit)


def memberships_of(
    session: Session, organisation_ids: Iterable[UUID]
) -> dict[UUID, list[tuple[str, dt.date, dt.date | None]]]:
    """Each organisation's memberships of sets: (key, from_on, until_on)."""
    statement = select(SetMember).where(SetMember.organisation_id.in_(sorted(set(organisation_ids))))
    found: dict[UUID, list[tuple[str, dt.date, dt.date | None]]] = {}
    for member in session.scalars(statement.order_by(SetMember.key, SetMember.from_on)):
        found.setdefault(member.organisation_id, []).append((member.key, member.from_on, member.until_on))
    return found


def _day(value: str | None) -> dt.date | None:
    return dt.date.fromisoformat(value) if value else None


class OrganisationSets:
    """The copy of sets: whole, with their members, in the version held."""

    def read(self, session: Session, page: Page) -> Sequence[Held]:
        """A page of sets with their members in the version held."""
        sets = session.scalars(page.of(select(OrganisationSet), OrganisationSet.key)).all()
        statement = select(SetMember).where(SetMember.key.in_([one.key for one in sets]))
        members: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in session.scalars(statement.order_by(SetMember.organisation_id, SetMember.from_on)):
            until_on = row.until_on.isoformat() if row.until_on else None
            about = {
                "organisation_id": str(row.organisation_id),
                "from_on": row.from_on.isoformat(),
                "until_on": until_on,
            }
            members[row.key].append(about)
        return [Held(one.key, one.version, {"members": members[one.key]}) for one in sets]


COPIES = {
    "organisation": organisations,
    "organisation_set": OrganisationSets(),
    "affiliation": affiliations,
    "fact": facts,
    "person": born_months,
}
