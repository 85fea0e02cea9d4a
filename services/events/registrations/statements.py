"""Registrations as rows: how one is found and answered, and how its change is told.

Not here: who may have a seat (``registrations``), who is next (``waiting_list``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, func, select
from sqlalchemy.orm import aliased

from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.events.registrations.rules import WAITING
from services.events.registrations.tables import Registration

TABLE: Table = Registration.__table__  # type: ignore[assignment]


class RegistrationNotFound(Refusal):
    """No registration has this id."""

    kind = "not_found"
    code = "events.registration_not_found"
    zh = "未找到该报名记录。"
    en = "There is no such registration."


_ahead = aliased(Registration)
#: The place in the waiting list as it is now; null for who does not wait.
POSITION = (
    select(func.count())
    .where(
        _ahead.session_id == TABLE.c.session_id,
        _ahead.state == WAITING,
        _ahead.number <= TABLE.c.number,
        TABLE.c.state == WAITING,
    )
    .correlate(TABLE)
    .scalar_subquery()
)
READ = select(*TABLE.c, func.nullif(POSITION, 0).label("position"))


def get_registration(work: Work, *, registration_id: UUID) -> dict[str, Any]:
    """One registration, with its place in the waiting list as it is now. Raises RegistrationNotFound."""
    asked = READ.where(TABLE.c.id == registration_id)
    found = work.session.connection().execute(asked).mappings().one_or_none()
    if found is None:
        raise RegistrationNotFound()
    return dict(found)


def session_of(work: Work, registration_id: UUID) -> UUID:
    """The session a registration is for; it never changes. Raises RegistrationNotFound."""
    found = work.session.scalar(select(TABLE.c.session_id).where(TABLE.c.id == registration_id))
    if found is None:
        raise RegistrationNotFound()
    return UUID(str(found))


def tell(
    work: Work,
    row: Mapping[Any, Any],
    session: Row[Any],
    what: str,
    *,
    from_state: str | None,
    position: int | None = None,
    reason: str | None = None,
) -> None:
    """Record and announce a registration as it is now; `session` is as ``sessions.lock_session`` gives it."""
    work.record("registration", row["id"], from_state=from_state, to_state=row["state"], reason=reason)
    expires_at = row["offer_expires_at"]
    data = {
        "registration_id": str(row["id"]),
        "version": row["version"],
        "activity_id": str(row["activity_id"]),
        "person_id": str(row["person_id"]),
        "state": row["state"],
        "position": position,
        "offer_expires_at": expires_at.isoformat() if expires_at else None,
        "activity_kind": session.kind,
        "activity_title": session.title,
        "activity_programme": session.programme,
        "starts_at": session.starts_at.isoformat(),
        "place": session.place,
        "reason": reason,
    }
    work.announce(f"events.registration.{what}.v1", subject_id=row["id"], version=row["version"], data=data)
