"""The tables of notify: templates in versions, preferences, messages, and their deliveries.

Two unique keys keep anything from being sent twice: a message per event, person and template; a delivery per message and
channel. No name and no whole address is in any of them.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.tables import chassis_tables


class Base(DeclarativeBase):
    type_annotation_map = {
        str: Text,
        dt.datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


chassis_tables(Base.metadata)


class Template(Base):
    """A version of a template; immutable. `programme` null: as the event says."""

    __tablename__ = "templates"
    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    is_current: Mapped[bool]
    event_type: Mapped[str]
    programme: Mapped[str | None]
    urgency: Mapped[str]
    channels: Mapped[list[Any]]
    subject: Mapped[dict[str, Any]]
    body: Mapped[dict[str, Any]]
    enabled: Mapped[bool]
    published_at: Mapped[dt.datetime]
    client_id: Mapped[str]
    department: Mapped[str]
    __table_args__ = (
        CheckConstraint("urgency in ('normal', 'urgent')", name="templates_urgency_check"),
        Index("templates_current", "key", unique=True, postgresql_where=text("is_current")),
    )


class Preference(Base):
    """What a person wants; `quiet_hours` null is none at all, no row is the city's default."""

    __tablename__ = "preferences"
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    language: Mapped[str | None]
    programmes: Mapped[dict[str, Any]]
    quiet_hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    changed_at: Mapped[dt.datetime]


class Message(Base):
    """What one person is told because of one event, in both languages."""

    __tablename__ = "messages"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID]
    person_id: Mapped[UUID]
    template_key: Mapped[str]
    template_version: Mapped[int]
    event_type: Mapped[str]
    programme: Mapped[str]
    urgency: Mapped[str]
    subject: Mapped[dict[str, Any]]
    body: Mapped[dict[str, Any]]
    read_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    __table_args__ = (
        UniqueConstraint("event_id", "person_id", "template_key", name="messages_event_person_template_key"),
        Index("messages_inbox", "person_id", "created_at", "id"),
    )


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
