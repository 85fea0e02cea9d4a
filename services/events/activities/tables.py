"""Kinds of activities, activities, and their sessions. Seats are held by the counters of a session and its check constraint."""

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
from sqlalchemy.orm import Mapped, mapped_column

from services.events.registry import Base


class ActivityKind(Base):
    """A kind of activity, as data; `programme` is what its figure counts it under.

    Where it `is_confidential`, only the department of an activity learns who registers for it.
    """

    __tablename__ = "activity_kinds"
    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[dict[str, Any]]
    programme: Mapped[str]
    version: Mapped[int]
    is_confidential: Mapped[bool] = mapped_column(server_default=text("false"))


class Activity(Base):
    """An activity. `programme` is its kind's at the time it was made; start, end and place are those of its sessions."""

    __tablename__ = "activities"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(ForeignKey("activity_kinds.key", name="activities_kind_fkey"))
    programme: Mapped[str]
    title: Mapped[dict[str, Any]]
    organiser_id: Mapped[UUID]
    co_organiser_ids: Mapped[list[Any]]
    department: Mapped[str]
    client_id: Mapped[str]
    open_to: Mapped[list[Any] | None]
    promotion: Mapped[str]
    offer_hours: Mapped[int]
    state: Mapped[str]
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    place: Mapped[str | None]
    held_at: Mapped[dt.datetime | None]
    attendance_counted: Mapped[int | None]
    attendance_stated: Mapped[int | None]
    cancel_reason: Mapped[str | None]
    is_voiding: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (
        UniqueConstraint("id", "state", name="activities_id_state_key"),
        CheckConstraint(
            "state in ('draft', 'published', 'open', 'closed', 'held', 'reported', 'cancelled')",
            name="activities_state_check",
        ),
        CheckConstraint("promotion in ('automatic', 'offer')", name="activities_promotion_check"),
        CheckConstraint("(state in ('held', 'reported')) = (held_at is not null)", name="activities_held_check"),
        Index("activities_page", "created_at", "id"),
        Index("activities_updated", "updated_at"),
        Index("activities_held", "held_at", postgresql_where=text("held_at is not null")),
        Index("activities_voiding", "id", postgresql_where=text("is_voiding")),
    )


class Session(Base):
    """One session (场次) of an activity and its seats. `activity_state` follows the activity's by the foreign key, so one
    lock on this row is enough to know that a seat may be given. No counter is in an index: the row of a busy session is
    rewritten in its page.

    `revision` counts what its registrations are notified of. A session somebody has registered for is never deleted: it is
    `removed`, which none with a live registration is.
    """

    __tablename__ = "sessions"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    activity_id: Mapped[UUID]
    activity_state: Mapped[str]
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    place: Mapped[str | None]
    capacity: Mapped[int]
    seats_taken: Mapped[int]
    waiting: Mapped[int]
    last_number: Mapped[int]
    last_is_seated: Mapped[bool]
    state: Mapped[str] = mapped_column(server_default=text("'scheduled'"))
    cancel_reason: Mapped[str | None]
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    __table_args__ = (
        ForeignKeyConstraint(
            ["activity_id", "activity_state"],
            ["activities.id", "activities.state"],
            name="sessions_activity_fkey",
            onupdate="CASCADE",
        ),
        UniqueConstraint("id", "activity_id", name="sessions_id_activity_key"),
        CheckConstraint("starts_at < ends_at", name="sessions_period_check"),
        CheckConstraint("seats_taken >= 0 and seats_taken <= capacity", name="sessions_seats_check"),
        CheckConstraint("waiting >= 0", name="sessions_waiting_check"),
        CheckConstraint("state in ('scheduled', 'cancelled', 'removed')", name="sessions_state_check"),
        CheckConstraint("(state = 'cancelled') = (cancel_reason is not null)", name="sessions_cancelled_check"),
        CheckConstraint("state <> 'removed' or (seats_taken = 0 and waiting = 0)", name="sessions_removed_check"),
        Index("sessions_activity", "activity_id", "activity_state"),
        Index("sessions_moving", "ends_at", postgresql_where=text("activity_state in ('open', 'closed')")),
        {"postgresql_with": {"fillfactor": 50}},
    )
