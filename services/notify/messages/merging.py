"""Merging: whose inbox the messages of merged people are in.

A message is in the inbox of its `person_id`. That of somebody who is merged goes to who they are merged into and has them in its
`merged_from`; once the merge is undone it is theirs again. All of it follows from the copy as it is now, so events that come
late, twice or in another order end alike. Source: ADR 0022.

Making messages takes the gate below shared, a merge takes it exclusively: a message has either seen the merge or is seen by it.
So no timer has to find what was left over, and an event that comes again meanwhile makes no second message.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Table, and_, or_, text, update

from chassis.store.work import Work
from contracts.language.envelope import Event
from services.notify import copies
from services.notify.messages.tables import Message

TABLE: Table = Message.__table__  # type: ignore[assignment]
_GATE = 0x4D657267  # "Merg"
_MERGING = text("""select pg_advisory_xact_lock(:gate)""")
_ANNOUNCING = text("""select pg_advisory_xact_lock_shared(:gate)""")


def survivors_of(work: Work, person_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Who those of the people who are merged are merged into; until this transaction ends no merge begins."""
    work.session.connection().execute(_ANNOUNCING, {"gate": _GATE})
    return copies.survivors_of(work, person_ids)


def people_merged(work: Work, events: Sequence[Event]) -> None:
    """Take over who is merged into whom, and move their messages."""
    work.session.connection().execute(_MERGING, {"gate": _GATE})
    people = sorted(one["id"] for one in copies.merged_people.apply(work, events))
    survivors = copies.survivors_of(work, people)
    for person_id in people:
        _move(work, person_id, survivors.get(person_id))


def _move(work: Work, person_id: UUID, survivor: UUID | None) -> None:
    own = and_(TABLE.c.person_id == person_id, TABLE.c.merged_from.is_(None))
    made_for = or_(own, TABLE.c.merged_from == person_id)
    goes_to, merged_from = (person_id, None) if survivor is None else (survivor, person_id)
    moved = update(TABLE).where(made_for, TABLE.c.person_id != goes_to)
    work.session.execute(moved.values(person_id=goes_to, merged_from=merged_from))
