"""The copies of what talent knows: organisations, sets of them, affiliations, facts, months of birth, merges of people.

Periods are half-open, `until_on` excluded.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.perks.registry import Base


class Organisation(Base):
    """Copy of talent's organisation, as of the newest version received."""

    __tablename__ = "organisations"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str]


class OrganisationSet(Base):
    """Copy of talent's set: which version is held."""

    __tablename__ = "organisation_sets"
    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]


class SetMember(Base):
    """Copy of a set's memberships in the version held."""

    __tablename__ = "set_members"
    key: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    from_on: Mapped[dt.date] = mapped_column(primary_key=True)
    until_on: Mapped[dt.date | None]
    __table_args__ = (Index("set_members_organisation", "organisation_id"),)


class SetVersion(Base):
    """The members of each version of a set, for figures of past days."""

    __tablename__ = "set_versions"
    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    published_on: Mapped[dt.date]
    members: Mapped[list[Any]]


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


class Fact(Base):
    """Copy of talent's fact, as of the newest version received; of its fields those that events carry."""

    __tablename__ = "facts"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    person_id: Mapped[UUID]
    kind_key: Mapped[str]
    department: Mapped[str]
    state: Mapped[str]
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]
    fields: Mapped[dict[str, Any]]
    __table_args__ = (Index("facts_person", "person_id"),)


class BornMonth(Base):
    """Copy of talent's person, of everybody: the month of birth alone, ``YYYY-MM``, null where it is not known."""

    __tablename__ = "born_months"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    born_month: Mapped[str | None]


class MergedPerson(Base):
    """Copy of talent's person, of those alone who are merged into another or were: `merged_into` is null once it is undone."""

    __tablename__ = "merged_people"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    merged_into: Mapped[UUID | None]
    __table_args__ = (Index("merged_people_survivor", "merged_into", postgresql_where=text("merged_into is not null")),)
