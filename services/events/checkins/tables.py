"""Check-ins: one row per scan, admitted or refused."""

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
