"""notify's own copy of who is merged into whom, as of the newest version received.

notify receives the events of merges alone, so it holds no other people. It can be filled again (``republish``), and it is in no
``COPIES``: ``compare`` would hold it against everybody talent has on record and report all others as missing. Not here: what
follows from a merge (``messages.merging``).
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from chassis.rebuilding.copies import Copy
from chassis.store.work import Work
from services.notify.copies.tables import MergedPerson

merged_people = Copy(MergedPerson, id="person_id", keeps=("merged_into",))


def survivors_of(work: Work, person_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Who those of the people who are merged are merged into; the others are not in it."""
    statement = select(MergedPerson.id, MergedPerson.merged_into).where(MergedPerson.id.in_(sorted(person_ids)))
    return {row.id: row.merged_into for row in work.session.execute(statement) if row.merged_into is not None}
