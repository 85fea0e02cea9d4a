"""The copies of talent's facts: organisations, people, affiliations."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.events.registry import Base


class Organisation(Base):
    """Copy of talent's organisation, as of the newest version received."""

    __tablename__ = "organisations"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str]


class Person(Base):
    """A person on record, received from talent; nothing about them but who they are merged into."""

    __tablename__ = "people"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    merged_into: Mapped[UUID | None]
    __table_args__ = (Index("people_merged", "merged_into", postgresql_where=text("merged_into is not null")),)


class Affiliation(Base):
    """Copy of talent's affiliation, as of the newest version received."""

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
