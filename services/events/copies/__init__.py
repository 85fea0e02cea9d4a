"""events' own copy of talent's facts: organisations, people and affiliations, each as of the newest version received.

Lives here: applying events to the copy, in any order and any number of times. Not here: who may register
(``registrations``), what follows from a merge (``registrations.merging``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.rebuilding.copies import Copy
from contracts.language.refusals import Refusal
from services.events.copies.tables import Affiliation, Organisation, Person


class OrganiserNotKnown(Refusal):
    """events has not received this organisation (yet)."""

    kind = "not_found"
    code = "events.organiser_not_known"
    zh = "未找到该主办单位：{organisation_id}。"
    en = "There is no such organiser: {organisation_id}."


organisations = Copy(Organisation, id="organisation_id", keeps=("kind", "status"))
#: Who is on record, and merged into whom; nothing about them.
people = Copy(Person, id="person_id", keeps=("merged_into",))
affiliations = Copy(
    Affiliation,
    id="affiliation_id",
    keeps=("person_id", "organisation_id", "role", "state", "from_on", "until_on"),
)

COPIES = {"organisation": organisations, "person": people, "affiliation": affiliations}


def check_organisers(session: Session, organisation_ids: Sequence[UUID]) -> None:
    """Raises OrganiserNotKnown for the first of them that has not been received."""
    statement = select(Organisation.id).where(Organisation.id.in_(organisation_ids))
    known: set[Any] = set(session.scalars(statement))
    for organisation_id in organisation_ids:
        if organisation_id not in known:
            raise OrganiserNotKnown(organisation_id=str(organisation_id))
