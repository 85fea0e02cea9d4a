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
    """One scan at the door. A registration is admitted once, until that is taken back (`revoked_at`)."""

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
    revoked_at: Mapped[dt.datetime | None]
    revoke_reason: Mapped[str | None]
    __table_args__ = (
        ForeignKeyConstraint(["registration_id"], ["registrations.id"], name="checkins_registration_fkey"),
        UniqueConstraint("client_id", "nonce", name="checkins_client_nonce_key"),
        CheckConstraint("(outcome = 'admitted') = (code is null)", name="checkins_outcome_check"),
        CheckConstraint(
            "(revoked_at is null) = (revoke_reason is null) and (revoked_at is null or outcome = 'admitted')",
            name="checkins_revoked_check",
        ),
        Index(
            "checkins_standing",
            "registration_id",
            unique=True,
            postgresql_where=text("outcome = 'admitted' and revoked_at is null"),
        ),
        Index("checkins_activity", "activity_id", postgresql_where=text("outcome = 'admitted'")),
    )
