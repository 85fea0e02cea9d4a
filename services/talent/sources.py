"""What talent can send again to a service that has lost its copy: each subject as it stands, in the words of its events.

Lives here: reading a page of each subject. Not here: sending it (``chassis.rebuilding.republish``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.rebuilding.republish import Page, Read, State
from services.talent import organisations
from services.talent.affiliations import statements
from services.talent.affiliations.tables import Affiliation
from services.talent.organisations import sets
from services.talent.organisations.tables import Organisation, OrganisationSet, OrganisationSetMember
from services.talent.people.tables import Person


def organisations_as_they_stand(session: Session, page: Page) -> Sequence[State]:
    """A page of organisations."""
    told = "talent.organisation.changed.v1"
    rows = session.execute(page.of(select(Organisation.__table__), Organisation.id)).mappings()
    return [State(told, row["id"], row["version"], organisations.stated(row), row["updated_at"]) for row in rows]


def sets_as_they_stand(session: Session, page: Page) -> Sequence[State]:
    """Every version of a page of sets, each as of the day it was published: figures of past days are counted by them."""
    keys = session.scalars(
        page.of(select(OrganisationSet.key).group_by(OrganisationSet.key), OrganisationSet.key)
    ).all()
    versions = select(OrganisationSet.key, OrganisationSet.version, OrganisationSet.published_at)
    member = OrganisationSetMember
    asked = select(member.key, member.version, member.organisation_id, member.from_on, member.until_on)
    members: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for key, version, *rest in session.execute(
        asked.where(member.key.in_(keys)).order_by(member.organisation_id, member.from_on)
    ):
        members[key, version].append(rest)
    found = session.execute(versions.where(OrganisationSet.key.in_(keys)))
    return [
        State(
            "talent.organisation_set.published.v1",
            row.key,
            row.version,
            sets.stated(row.key, row.version, members[row.key, row.version]),
            row.published_at,
        )
        for row in sorted(found, key=lambda row: (row.key, row.version))
    ]


def people_as_they_stand(session: Session, page: Page) -> Sequence[State]:
    """A page of people: that they are known, and nothing about them."""
    told = "talent.person.registered.v1"
    rows = session.execute(page.of(select(Person.id, Person.version, Person.updated_at), Person.id))
    return [
        State(told, row.id, row.version, {"person_id": str(row.id), "version": row.version}, row.updated_at)
        for row in rows
    ]


def affiliations_as_they_stand(session: Session, page: Page) -> Sequence[State]:
    """A page of affiliations, ended ones too."""
    rows = session.execute(page.of(select(*Affiliation.__table__.columns), Affiliation.id))
    return [
        State(
            statements.EVENT_OF_STATE[row.state],
            row.id,
            row.version,
            statements.stated(row),
            row.updated_at,
        )
        for row in rows
    ]


#: Subject → how its pages are read, in the order in which a service that has nothing needs them.
SOURCES: dict[str, Read] = {
    "organisation": organisations_as_they_stand,
    "organisation_set": sets_as_they_stand,
    "person": people_as_they_stand,
    "affiliation": affiliations_as_they_stand,
}
