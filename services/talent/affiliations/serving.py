"""Whether people are served: by a department that an affiliation of theirs, still open, gives them to."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from chassis.store.work import Work
from contracts.vocabulary import ENDED
from services.talent.affiliations.tables import Affiliation


def has_open(work: Work, person_ids: Collection[UUID]) -> bool:
    """Whether one of the ids has an affiliation that has not ended, confirmed or not."""
    theirs = select(Affiliation.id).where(Affiliation.person_id.in_(person_ids), Affiliation.state != ENDED)
    return work.session.scalar(theirs.limit(1)) is not None
