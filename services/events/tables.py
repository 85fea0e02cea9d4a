"""The tables of events: its own copy of talent's facts, activities and their sessions, registrations, check-ins.

Seats are held by the counters of a session and its check constraint; a waiting list is in the order of `number`, counted
under the lock of the session's row, which is the order in which registrations are committed.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.tables import chassis_tables

_LIVE = text("state in ('confirmed', 'waiting', 'offered')")


class Base(DeclarativeBase):
    type_annotation_map = {
        str: Text,
        dt.datetime: DateTime(timezone=True),
        dt.date: Date,
        bytes: LargeBinary,
        dict[str, Any]: JSONB,
        list[Any]: JSONB(none_as_null=True),
    }


chassis_tables(Base.metadata)


class Organisation(Base):
    """Copy of talent's organisation, as of the newest version heard."""

    __tablename__ = "organisations"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str]


class Person(Base):
    """A person on record, heard of from talent; nothing about them."""

    __tablename__ = "people"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]


class Affiliation(Base):
    """Copy of talent's affiliation, as of the newest version heard."""

    __tablename__ = "affiliations"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    person_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    role: Mapped[str]
    state: Mapped[str]
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]
    __table_args__ = (Index("affiliations_person", "person_id"),)


class ActivityKind(Base):
    """A kind of activity, as data; `programme` is what its figure counts it under."""

    __tablename__ = "activity_kinds"
    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[dict[str, Any]]
    programme: Mapped[str]
    version: Mapped[int]


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
    __table_args__ = (
        UniqueConstraint("id", "state", name="activities_id_state_key"),
        CheckConstraint(
            "state in ('draft', 'published', 'open', 'closed', 'held', 'reported', 'cancelled')",
            name="activities_state_check",
        ),
        CheckConstraint("promotion in ('automatic', 'offer')", name="activities_promotion_check"),
        CheckConstraint("(state in ('held', 'reported')) = (held_at is not null)", name="activities_held_check"),
        Index("activities_page", "created_at", "id"),
        Index("activities_held", "held_at", postgresql_where=text("held_at is not null")),
        Index("activities_voiding", "id", postgresql_where=text("is_voiding")),
    )


class Session(Base):
    """One session (场次) of an activity and its seats. `activity_state` follows the activity's by the foreign key, so one
    lock on this row is enough to know that a seat may be given. No counter is in an index: the row of a busy session is
    rewritten in its page.
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
        Index("sessions_activity", "activity_id", "activity_state"),
        Index("sessions_moving", "ends_at", postgresql_where=text("activity_state in ('open', 'closed')")),
        {"postgresql_with": {"fillfactor": 50}},
    )


class Registration(Base):
    """A person's registration for a session. One live one per person and activity."""

    __tablename__ = "registrations"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    activity_id: Mapped[UUID]
    session_id: Mapped[UUID]
    person_id: Mapped[UUID]
    state: Mapped[str]
    number: Mapped[int]
    offer_expires_at: Mapped[dt.datetime | None]
    checked_in_at: Mapped[dt.datetime | None]
    client_id: Mapped[str]
    department: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[dt.datetime]
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
        Index("registrations_activity", "activity_id", "created_at", "id"),
        Index("registrations_person", "person_id", "created_at", "id"),
    )


class CheckIn(Base):
    """One scan at the door. A registration is admitted once."""

    __tablename__ = "checkins"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    nonce: Mapped[str]
    ticket_digest: Mapped[bytes]
    registration_id: Mapped[UUID]
    activity_id: Mapped[UUID]
    at: Mapped[dt.datetime]
    outcome: Mapped[str]
    code: Mapped[str | None]
    holder: Mapped[str]
    department: Mapped[str]
    created_at: Mapped[dt.datetime]
    __table_args__ = (
        ForeignKeyConstraint(["registration_id"], ["registrations.id"], name="checkins_registration_fkey"),
        UniqueConstraint("client_id", "nonce", name="checkins_client_nonce_key"),
        CheckConstraint("(outcome = 'admitted') = (code is null)", name="checkins_outcome_check"),
        Index("checkins_admitted", "registration_id", unique=True, postgresql_where=text("outcome = 'admitted'")),
        Index("checkins_activity", "activity_id", postgresql_where=text("outcome = 'admitted'")),
    )
