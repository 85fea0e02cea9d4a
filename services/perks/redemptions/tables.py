"""Redemptions. The partial unique index keeps a pass from admitting twice."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.perks.registry import Base


class Redemption(Base):
    """One scan. Admitted ones take a slot of their window; refused ones none. `merged_from` is the entitlement it was a scan of
    before a merge, or that its pass names."""

    __tablename__ = "redemptions"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    nonce: Mapped[str]
    pass_digest: Mapped[bytes]
    entitlement_id: Mapped[UUID]
    scheme_key: Mapped[str]
    place_id: Mapped[UUID]
    at: Mapped[dt.datetime]
    scope: Mapped[str]
    window: Mapped[str]
    slot: Mapped[int | None] = mapped_column(Integer)
    outcome: Mapped[str]
    code: Mapped[str | None]
    holder: Mapped[str]
    department: Mapped[str]
    created_at: Mapped[dt.datetime]
    merged_from: Mapped[UUID | None]
    __table_args__ = (
        UniqueConstraint("client_id", "nonce", name="redemptions_client_nonce_key"),
        CheckConstraint("(outcome = 'admitted') = (slot is not null)", name="redemptions_slot_check"),
        Index(
            "redemptions_slot", "entitlement_id", "scope", "window", "slot", unique=True,
            postgresql_where=text("slot is not null"),
        ),
        Index("redemptions_page", "created_at", "id"),
        Index("redemptions_place", "place_id", "created_at", "id"),
        Index("redemptions_department", "department", "created_at", "id"),
        Index("redemptions_scheme", "scheme_key", "created_at", "id"),
        Index("redemptions_entitlement", "entitlement_id", "created_at", "id"),
    )  # fmt: skip
