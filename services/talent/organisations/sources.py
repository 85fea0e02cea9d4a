"""What is sent again of organisations to a service that has lost its copy."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.rebuilding.republish import Page, State
from services.talent import organisations
from services.talent.organisations.tables import Organisation


def as_they_stand(session: Session, page: Page) -> Sequence[State]:
    """A page of organisations."""
    event_type = "talent.organisation.changed.v1"
    rows = session.execute(page.of(select(Organisation.__table__), Organisation.id)).mappings()
    return [State(event_type, row["id"], row["version"], organisations.stated(row), row["updated_at"]) for row in rows]
