"""Registrations, and what is still to be announced to them. A waiting list is in the order of `number`, counted under the lock
of the session: the order of commits.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.events.registry import Base

_LIVE = text("state in ('confirmed', 'waiting', 'offered')")


class Registration(Base):
    """A person's registration for a session. One live one per person and activity.

    `person_id` is who it counts for; `merged_from` the person it was made for, where that one is merged into them.
    """

    __tablename__ = "registrations"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    activity_id: Mapped[UUID]
    session_id: Mapped[UUID]
    person_id: Mapped[UUID]
    merged_from: Mapped[UUID | None]
    state: Mapped[str]
    number: Mapped[int]
    offer_expires_at: Mapped[dt.datetime | None]
    checked_in_at: Mapped[dt.datetime | None]
    client_id: Mapped[str]
    department: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (
        ForeignKeyConstraint(
            ["session_id", "activity_id"], ["sessions.id", "sessions.activity_id"], name="registrations_session_fkey"
        ),
        CheckConstraint(
            "state in ('confirmed', 'waiting', 'offered', 'refused', 'lapsed', 'cancelled', 'voided', 'unplaced')",
            name="registrations_state_check",
        ),
        CheckConstraint("(state = 'offered') = (offer_expires_at is not null)", name="registrations_offer_check"),
        CheckConstraint("checked_in_at is null or state = 'confirmed'", name="registrations_checked_in_check"),
        UniqueConstraint("session_id", "number", name="registrations_number_key"),
        Index("registrations_live", "activity_id", "person_id", unique=True, postgresql_where=_LIVE),
        Index("registrations_waiting", "session_id", "number", postgresql_where=text("state = 'waiting'")),
        Index("registrations_offered", "offer_expires_at", postgresql_where=text("state = 'offered'")),
        Index("registrations_page", "created_at", "id"),
        Index("registrations_updated", "updated_at"),
        Index("registrations_activity", "activity_id", "created_at", "id"),
        Index("registrations_person", "person_id", "created_at", "id"),
        Index("registrations_merged", "merged_from", postgresql_where=text("merged_from is not null")),
    )


class SessionChange(Base):
    """What happened to a session (`what`, as the events that follow end) and is still to be announced to its registrations.

    It is for those up to `last_number`, who registered before it; done up to `done_number`, and gone when all of it is done.
    `before` is how title, times and place were.
    """

    __tablename__ = "session_changes"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", name="session_changes_session_fkey"))
    what: Mapped[str]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reason: Mapped[str | None]
    last_number: Mapped[int]
    done_number: Mapped[int]
    created_at: Mapped[dt.datetime]
    __table_args__ = (
        CheckConstraint(
            "what in ('amended', 'suspended', 'reinstated', 'unplaced')", name="session_changes_what_check"
        ),
        CheckConstraint("(what = 'amended') = (before is not null)", name="session_changes_before_check"),
        CheckConstraint("done_number <= last_number", name="session_changes_done_check"),
        Index("session_changes_session", "session_id", "id"),
    )
