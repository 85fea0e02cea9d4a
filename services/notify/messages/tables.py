"""Messages: one per event, person and template."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.registry import Base


class Message(Base):
    """What one person receives because of one event, which announces a version of a subject (a registration, an entitlement).

    `person_id` is whose inbox it is in; `merged_from` the person it was made for, where that one is merged into them.
    """

    __tablename__ = "messages"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID]
    person_id: Mapped[UUID]
    merged_from: Mapped[UUID | None]
    template_key: Mapped[str]
    template_version: Mapped[int]
    event_type: Mapped[str]
    subject_id: Mapped[str | None]
    subject_version: Mapped[int | None] = mapped_column(BigInteger)
    programme: Mapped[str]
    urgency: Mapped[str]
    subject: Mapped[dict[str, Any]]
    body: Mapped[dict[str, Any]]
    read_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    __table_args__ = (
        UniqueConstraint("event_id", "person_id", "template_key", name="messages_event_person_template_key"),
        Index("messages_inbox", "person_id", "created_at", "id"),
        Index("messages_subject", "subject_id", "subject_version", postgresql_where=text("subject_id is not null")),
        Index("messages_merged", "merged_from", postgresql_where=text("merged_from is not null")),
    )
