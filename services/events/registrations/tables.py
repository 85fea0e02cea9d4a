"""Registrations. A waiting list is in the order of `number`, counted under the lock of the session: the order of commits."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
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
            "state in ('confirmed', 'waiting', 'offered', 'refused', 'lapsed', 'cancelled', 'voided')",
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
