"""Message templates in immutable versions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.registry import Base


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
