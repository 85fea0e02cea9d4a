"""What people want to receive, and when."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.registry import Base


class Preference(Base):
    """What a person wants; `quiet_hours` null is none at all, no row is the city's default."""

    __tablename__ = "preferences"
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    language: Mapped[str | None]
    programmes: Mapped[dict[str, Any]]
    quiet_hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    changed_at: Mapped[dt.datetime]
