"""What erasing a person takes of affiliations: none may be open, and fields that can name a person go.

Roles, organisations and days stay, and so do fields that cannot name a person: what is counted is counted as before.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, text

from chassis.store.work import Work
from contracts.vocabulary import ENDED
from services.talent.affiliations.tables import Affiliation

_FORGET_REPORTED = text(
    """
    update affiliation_reports r set fields = (
        select coalesce(jsonb_object_agg(one.key, one.value), '{}') from jsonb_each(r.fields) one where a.open_fields ? one.key
    )
    from affiliations a where a.id = r.affiliation_id and a.person_id = any(:ids)
    """
)
_FORGET = text("""update affiliations set fields = open_fields where person_id = any(:ids)""")


def has_open(work: Work, person_ids: Collection[UUID]) -> bool:
    """Whether one of the ids has an affiliation that has not ended, confirmed or not."""
    theirs = select(Affiliation.id).where(Affiliation.person_id.in_(person_ids), Affiliation.state != ENDED)
    return work.session.scalar(theirs.limit(1)) is not None


def forget_fields(work: Work, person_ids: Collection[UUID]) -> None:
    """Take the fields that can name a person out of the records and out of what departments have reported."""
    for statement in (_FORGET_REPORTED, _FORGET):
        work.session.connection().execute(statement, {"ids": list(person_ids)})
