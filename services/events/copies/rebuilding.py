"""The copies events holds of talent's facts, as ``compare`` reads them. Activities and registrations are events' own."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.rebuilding.compare import Held, ReadCopy
from chassis.rebuilding.republish import Page
from services.events.copies.tables import Affiliation, Organisation, Person


def organisations_held(session: Session, page: Page) -> Sequence[Held]:
    """A page of organisations; events keeps no names."""
    rows = session.scalars(page.of(select(Organisation), Organisation.id))
    return [Held(str(row.id), row.version, {"kind": row.kind, "status": row.status}) for row in rows]


def people_held(session: Session, page: Page) -> Sequence[Held]:
    """A page of people; nothing about them."""
    return [Held(str(row.id), row.version, {}) for row in session.scalars(page.of(select(Person), Person.id))]


def affiliations_held(session: Session, page: Page) -> Sequence[Held]:
    """A page of affiliations."""
    return [
        Held(
            str(row.id),
            row.version,
            {
                "person_id": str(row.person_id),
                "organisation_id": str(row.organisation_id),
                "role": row.role,
                "state": row.state,
                "from_on": row.from_on.isoformat(),
                "until_on": row.until_on.isoformat() if row.until_on else None,
            },
        )
        for row in session.scalars(page.of(select(Affiliation), Affiliation.id))
    ]


#: Subject → how the pages of the copy are read.
COPIES: dict[str, ReadCopy] = {
    "organisation": organisations_held,
    "person": people_held,
    "affiliation": affiliations_held,
}
