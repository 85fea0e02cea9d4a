"""The queue of duplicates: one document reported under two names; the city office decides whether it is one person.

Until it does, each is a person of its own. A merge is a link that is taken back by dismissing the pair (ADR 0022). Source: access
rules, "Reach".
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from chassis.store import records
from chassis.store.pages import narrowed, read_page
from chassis.store.work import Work
from contracts.language.paging import Paging
from contracts.language.refusals import Refusal
from services.talent.people import announce
from services.talent.people.tables import DuplicatePerson, Person

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


def list_duplicate_people(work: Work, *, page: Paging, state: str | None = None) -> dict[str, Any]:
    """Pairs in the order they came; `state` is open, merged or dismissed."""
    statement = narrowed(select(*_COLUMNS), DuplicatePerson.__table__.c, {"state": state})
    key = (DuplicatePerson.created_at, DuplicatePerson.provisional_id)
    decided_at = func.coalesce(DuplicatePerson.decided_at, DuplicatePerson.created_at)
    return read_page(work.session, statement, page, key=key, updated_at=decided_at)


def merge_duplicate_person(work: Work, *, provisional_id: UUID) -> dict[str, Any]:
    """They are one person; merging twice is the same answer. Raises DuplicatePersonNotFound."""
    _decide(work, provisional_id, "merged")
    return _read(work, provisional_id)


def dismiss_duplicate_person(work: Work, *, provisional_id: UUID) -> dict[str, Any]:
    """They are two people, merged before or not; dismissing twice is the same answer. Raises DuplicatePersonNotFound."""
    _decide(work, provisional_id, "dismissed")
    return _read(work, provisional_id)


def _decide(work: Work, provisional_id: UUID, state: str) -> None:
    """Decide a pair and link or unlink its people, once: the pair's row is locked first."""
    columns: tuple[Any, ...] = (DuplicatePerson.state, DuplicatePerson.person_id)
    locked = select(*columns).where(DuplicatePerson.provisional_id == provisional_id)
    pair = records.found_row(work, locked.with_for_update(), DuplicatePersonNotFound)
    if pair.state == state:
        return
    decided = {"state": state, "decided_at": work.now, "decided_by": work.caller.client_id}
    work.session.execute(
        update(DuplicatePerson).where(DuplicatePerson.provisional_id == provisional_id).values(decided)
    )
    work.record("duplicate_person", provisional_id, from_state=pair.state, to_state=state)
    if "merged" in (pair.state, state):
        _link(work, provisional_id, pair.person_id if state == "merged" else None)


def _link(work: Work, provisional_id: UUID, merged_into: UUID | None) -> None:
    values = {"merged_into": merged_into, "version": Person.version + 1, "updated_at": work.now}
    linked = update(Person).where(Person.id == provisional_id).values(values)
    row = work.session.execute(linked.returning(Person.version, Person.born_month)).one()
    before, after = ("registered", "merged") if merged_into else ("merged", "registered")
    work.record("person", provisional_id, from_state=before, to_state=after)
    event_type = "talent.person.merged.v1" if merged_into else "talent.person.unmerged.v1"
    announce(work, event_type, provisional_id, row.version, merged_into, born_month=row.born_month)


def _read(work: Work, provisional_id: UUID) -> dict[str, Any]:
    statement = select(*_COLUMNS).where(DuplicatePerson.provisional_id == provisional_id)
    return dict(records.found(work, statement, DuplicatePersonNotFound))
