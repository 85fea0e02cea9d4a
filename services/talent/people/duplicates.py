"""The queue of duplicates: one document reported under two names; the city office decides whether it is one person.

Until it does, each is a person of its own. Source: access rules, "Reach".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from chassis.store import records
from chassis.store.pages import narrowed, read_page
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.talent.people.tables import DuplicatePerson

_COLUMNS: tuple[Any, ...] = (
    DuplicatePerson.provisional_id.label("id"), DuplicatePerson.person_id, DuplicatePerson.department,
    DuplicatePerson.client_id, DuplicatePerson.state, DuplicatePerson.created_at, DuplicatePerson.decided_at,
)  # fmt: skip


class DuplicatePersonNotFound(Refusal):
    """No pair in the queue has this id."""

    kind = "not_found"
    code = "talent.duplicate_person_not_found"
    zh = "未找到该疑似重复记录。"
    en = "There is no such pair in the queue."


def list_duplicate_people(
    work: Work, *, limit: int, after: Mapping[str, Any] | None = None, state: str | None = None
) -> dict[str, Any]:
    """Pairs in the order they came; `state` is open or dismissed."""
    statement = narrowed(select(*_COLUMNS), DuplicatePerson.__table__.c, {"state": state})
    key = (DuplicatePerson.created_at, DuplicatePerson.provisional_id)
    return read_page(work.session, statement, key=key, limit=limit, after=after)


def dismiss_duplicate_person(work: Work, *, provisional_id: UUID) -> dict[str, Any]:
    """They are two people; dismissing twice is the same answer. Raises DuplicatePersonNotFound."""
    dismissed = (
        update(DuplicatePerson)
        .where(DuplicatePerson.provisional_id == provisional_id, DuplicatePerson.state == "open")
        .values(state="dismissed", decided_at=work.now, decided_by=work.caller.client_id)
        .returning(DuplicatePerson.provisional_id)
    )
    if work.session.execute(dismissed).scalar() is not None:
        work.record("duplicate_person", provisional_id, from_state="open", to_state="dismissed")
    statement = select(*_COLUMNS).where(DuplicatePerson.provisional_id == provisional_id)
    return dict(records.found(work, statement, DuplicatePersonNotFound))
