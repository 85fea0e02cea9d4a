"""Deliveries: one per message and channel, so that nothing is sent twice. They hold no name and no whole address."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.registry import Base


class Delivery(Base):
    """A message's way through one channel. `claim` names the round of a sender that holds it, until `lease_until`."""

    __tablename__ = "deliveries"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID]
    person_id: Mapped[UUID]
    channel: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    recipient: Mapped[str | None]
    attempts: Mapped[int]
    not_before: Mapped[dt.datetime | None]
    claim: Mapped[UUID | None]
    lease_until: Mapped[dt.datetime | None]
    settled_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    __table_args__ = (
        ForeignKeyConstraint(["message_id"], ["messages.id"], name="deliveries_message_fkey"),
        UniqueConstraint("message_id", "channel", name="deliveries_message_channel_key"),
        CheckConstraint(
            "state in ('due', 'sending', 'calling', 'delivered', 'failed', 'suppressed', 'outcome_unknown')",
            name="deliveries_state_check",
        ),
        CheckConstraint(
            "(state in ('sending', 'calling')) <= (claim is not null and lease_until is not null)",
            name="deliveries_held_check",
        ),
        CheckConstraint("(state = 'due') <= (not_before is not null)", name="deliveries_due_check"),
        Index("deliveries_due", "channel", "not_before", "id", postgresql_where=text("state = 'due'")),
        Index("deliveries_held", "lease_until", postgresql_where=text("state in ('sending', 'calling')")),
        Index("deliveries_page", "created_at", "id"),
        Index("deliveries_person", "person_id", "created_at", "id"),
    )
