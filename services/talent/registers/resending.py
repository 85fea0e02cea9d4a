"""Entries as they stand, to be sent again to a service that has lost its copy (``chassis.rebuilding.republish``)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.ground import clock
from chassis.rebuilding.republish import Page, State
from services.talent.registers import statements as rows
from services.talent.registers.tables import RegisterEntry

CHANGED = "talent.register_entry.changed.v1"


def as_they_stand(session: Session, page: Page) -> Sequence[State]:
    """A page of entries, as their last events say them; the state is that of the day they are read."""
    columns = (RegisterEntry.id, RegisterEntry.updated_at)
    found = session.execute(page.of(select(*columns), RegisterEntry.id)).all()
    entries = rows.read_ids(session, [row.id for row in found])
    today = clock.shanghai_day(clock.now())
    return [
        State(CHANGED, row.id, entries[row.id].version, rows.stated(entries[row.id], today), row.updated_at)
        for row in found
    ]
