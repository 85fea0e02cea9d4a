"""Organisations, who reported them, and the named sets they are members of."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.talent.registry import Base, Id, Instant, Words


class Organisation(Base):
    """A university, scenic area, enterprise … Known by its credit code, or without one by kind and name.

    `name_key` and `name_en_key` are the names as they are compared: one spelling, no case.
    """

    __tablename__ = "organisations"

    id: Mapped[Id]
    kind: Mapped[Words]
    name: Mapped[Words]
    name_key: Mapped[Words]
    name_en: Mapped[Words | None]
    name_en_key: Mapped[Words | None]
    uscc: Mapped[Words | None]
    trusted_departments: Mapped[list[str]] = mapped_column(ARRAY(Text))
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[Words]
    version: Mapped[int]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    confirmed_at: Mapped[Instant | None]
    """When the city office confirmed it. Nothing follows from an organisation that is not confirmed."""

    __table_args__ = (
        Index("organisations_uscc", "uscc", unique=True),
        Index(
            "organisations_name_without_uscc", "kind", "name_key", unique=True, postgresql_where=text("uscc is null")
        ),
        Index("organisations_name_key", "name_key"),
        Index("organisations_name_en_key", "name_en_key"),
        Index("organisations_created_at", "created_at", "id"),
        Index(
            "organisations_trusted",
            "trusted_departments",
            postgresql_using="gin",
            postgresql_where=text("confirmed_at is not null"),
        ),
        CheckConstraint("status in ('active', 'closed')", name="organisations_status"),
    )


class OrganisationReport(Base):
    """A department that has reported an organisation."""

    __tablename__ = "organisation_reports"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    department: Mapped[Words] = mapped_column(primary_key=True)
    client_id: Mapped[Words]
    reported_at: Mapped[Instant]


class OrganisationSet(Base):
    """One version of a named set. Versions are kept; the highest is the one in force."""

    __tablename__ = "organisation_sets"

    key: Mapped[Words] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    name_zh: Mapped[Words]
    name_en: Mapped[Words]
    client_id: Mapped[Words]
    department: Mapped[Words]
    published_at: Mapped[Instant]


class OrganisationSetMember(Base):
    """A membership, for a half-open period, as one version of the set states it."""

    __tablename__ = "organisation_set_members"

    key: Mapped[Words] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("organisations.id"), primary_key=True)
    from_on: Mapped[dt.date] = mapped_column(primary_key=True)
    until_on: Mapped[dt.date | None]

    __table_args__ = (
        ForeignKeyConstraint(
            ["key", "version"],
            ["organisation_sets.key", "organisation_sets.version"],
            name="organisation_set_members_version",
        ),
        CheckConstraint("until_on > from_on", name="organisation_set_members_period"),
    )
