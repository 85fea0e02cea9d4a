"""The copy of talent's merges."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.notify.registry import Base


class MergedPerson(Base):
    """A person who is merged into another, or was (`merged_into` null), as of the newest version received."""

    __tablename__ = "merged_people"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    merged_into: Mapped[UUID | None]
