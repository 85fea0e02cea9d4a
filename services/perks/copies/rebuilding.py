"""The copies perks holds of talent's facts, as ``compare`` reads them. Schemes, entitlements and redemptions are perks' own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.rebuilding.compare import Held, ReadCopy
from chassis.rebuilding.republish import Page
from services.perks.copies.tables import Affiliation, Organisation, OrganisationSet, SetMember


def organisations_held(session: Session, page: Page) -> Sequence[Held]:
    """A page of organisations; perks keeps no names."""
    rows = session.scalars(page.of(select(Organisation), Organisation.id))
    return [Held(str(row.id), row.version, {"kind": row.kind, "status": row.status}) for row in rows]


def sets_held(session: Session, page: Page) -> Sequence[Held]:
    """A page of sets with their members in the version held."""
    sets = session.scalars(page.of(select(OrganisationSet), OrganisationSet.key)).all()
    asked = select(SetMember).where(SetMember.key.in_([one.key for one in sets]))
    members: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in session.scalars(asked.order_by(SetMember.organisation_id, SetMember.from_on)):
        until_on = row.until_on.isoformat() if row.until_on else None
        about = {"organisation_id": str(row.organisation_id), "from_on": row.from_on.isoformat(), "until_on": until_on}
        members[row.key].append(about)
    return [Held(one.key, one.version, {"members": members[one.key]}) for one in sets]


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
    "organisation_set": sets_held,
    "affiliation": affiliations_held,
}
