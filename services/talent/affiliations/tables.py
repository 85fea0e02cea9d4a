"""Affiliations: what a person is to an organisation, for a half-open period, and who reported it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.talent.registry import Base, Id, Instant, Words

_OPEN = text("state <> 'ended'")


_NONE = text("'{}'")


class AffiliationRole(Base):
    """What a person may be to an organisation, as data; `declared` as in ``contracts.language.declared``."""

    __tablename__ = "affiliation_roles"

    key: Mapped[Words] = mapped_column(primary_key=True)
    name: Mapped[dict[str, Any]] = mapped_column(JSONB)
    programme: Mapped[Words | None]
    declared: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    is_built_in: Mapped[bool]
    """Whether every city has it: the platform's own migration made it."""
    version: Mapped[int]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class Affiliation(Base):
    """One affiliation. At most one is open per person, organisation and role; ended ones are unlimited, one for each start."""

    __tablename__ = "affiliations"

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    role: Mapped[Words]
    state: Mapped[Words]
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_NONE)
    open_fields: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_NONE)
    """Those of `fields` whose types cannot name a person: what events say."""
    version: Mapped[int]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    __table_args__ = (
        Index("affiliations_period", "person_id", "organisation_id", "role", "from_on", unique=True),
        Index("affiliations_open", "person_id", "organisation_id", "role", unique=True, postgresql_where=_OPEN),
        Index("affiliations_organisation", "organisation_id", "created_at", "id"),
        Index(
            "affiliations_counted",
            "role",
            "organisation_id",
            "person_id",
            postgresql_include=["id", "state", "from_on", "until_on"],
        ),
        Index("affiliations_updated_at", "updated_at"),
        Index("affiliations_open_organisation", "organisation_id", "person_id", postgresql_where=_OPEN),
        Index("affiliations_created_at", "created_at", "id"),
        Index(
            "affiliations_running_out", "until_on", postgresql_where=text("state <> 'ended' and until_on is not null")
        ),
        CheckConstraint("state in ('reported', 'confirmed', 'ended')", name="affiliations_state"),
        CheckConstraint("state <> 'ended' or until_on is not null", name="affiliations_ended"),
        # equal when it was called off before it began
        CheckConstraint("until_on >= from_on", name="affiliations_period_order"),
    )


class AffiliationReport(Base):
    """What one department says of an affiliation; it may differ from the record. `created_at` is the affiliation's own, so that
    a department's list is a range of an index.
    """

    __tablename__ = "affiliation_reports"

    affiliation_id: Mapped[UUID] = mapped_column(ForeignKey("affiliations.id"), primary_key=True)
    department: Mapped[Words] = mapped_column(primary_key=True)
    client_id: Mapped[Words]
    state: Mapped[Words | None]
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_NONE)
    reported_at: Mapped[Instant]
    created_at: Mapped[Instant | None] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("affiliation_reports_department", "department", "affiliation_id"),
        Index("affiliation_reports_list", "department", "created_at", "affiliation_id"),
    )
