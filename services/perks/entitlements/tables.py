"""Entitlements, the people they are evaluated for, and the runs that evaluate everybody."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.perks.registry import Base


class Person(Base):
    """A person perks has received: the row evaluations lock, and the day something next changes by itself."""

    __tablename__ = "people"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    next_check_on: Mapped[dt.date | None]
    __table_args__ = (Index("people_due", "next_check_on", "id", postgresql_where=text("next_check_on is not null")),)


class EvaluationRun(Base):
    """Everybody is to be evaluated anew: a scheme or a set was published, or facts were sent again (`replay`). `cursor` is
    the last person done."""

    __tablename__ = "evaluation_runs"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str]
    cursor: Mapped[UUID | None]
    created_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    replay: Mapped[bool] = mapped_column(server_default=text("false"))
    __table_args__ = (Index("evaluation_runs_open", "id", postgresql_where=text("finished_at is null")),)


class Entitlement(Base):
    """What a person is entitled to under a scheme: one row ever, active or suspended. `facts` are the affiliations the
    clauses saw, `verified` the facts, where the scheme goes by any.

    `person_id` is who it counts for, `merged_from` who had it before a merge. Where the survivor has one of their own, the other
    stays suspended and points to it: `merged_into`.
    """

    __tablename__ = "entitlements"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    scheme_key: Mapped[str]
    scheme_version: Mapped[int]
    state: Mapped[str]
    reasons: Mapped[list[Any]]
    granted_at: Mapped[dt.datetime]
    version: Mapped[int]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    facts: Mapped[list[Any] | None]
    verified: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    merged_from: Mapped[UUID | None]
    merged_into: Mapped[UUID | None]
    __table_args__ = (
        UniqueConstraint("person_id", "scheme_key", name="entitlements_person_scheme_key"),
        CheckConstraint("state in ('active', 'suspended')", name="entitlements_state_check"),
        Index("entitlements_page", "created_at", "id"),
        Index("entitlements_updated", "updated_at"),
        Index("entitlements_merged_from", "merged_from", postgresql_where=text("merged_from is not null")),
        Index("entitlements_merged_into", "merged_into", postgresql_where=text("merged_into is not null")),
    )
