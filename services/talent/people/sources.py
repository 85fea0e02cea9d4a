"""What is sent again of people to a service that has lost its copy."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.rebuilding.republish import Page, State
from services.talent.people.tables import Person


def as_they_stand(session: Session, page: Page) -> Sequence[State]:
    """A page of people: that they are known, and nothing about them."""
    event_type = "talent.person.registered.v1"
    rows = session.execute(page.of(select(Person.id, Person.version, Person.updated_at), Person.id))
    return [
        State(event_type, row.id, row.version, {"person_id": str(row.id), "version": row.version}, row.updated_at)
        for row in rows
    ]
