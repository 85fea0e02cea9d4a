"""Facts and their kinds."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.talent.registry import Base, Id, Instant, Words

_OPEN = text("state <> 'ended'")


class FactKind(Base):
    """A kind of fact, as data. `declared` as in ``contracts.talent.facts``."""

    __tablename__ = "fact_kinds"

    key: Mapped[Words] = mapped_column(primary_key=True)
    name: Mapped[dict[str, Any]] = mapped_column(JSONB)
    programme: Mapped[Words]
    declared: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    confirmed_by: Mapped[list[str]] = mapped_column(ARRAY(Text))
    holds_months: Mapped[int | None]
    version: Mapped[int]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class Fact(Base):
    """What a department has confirmed of a person, from a day on. At most one per person, kind and department is open."""

    __tablename__ = "facts"

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    kind_key: Mapped[Words] = mapped_column(ForeignKey("fact_kinds.key"))
    department: Mapped[Words]
    client_id: Mapped[Words]
    state: Mapped[Words]
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    __table_args__ = (
        Index("facts_identity", "person_id", "kind_key", "department", "from_on", unique=True),
        Index("facts_open", "person_id", "kind_key", "department", unique=True, postgresql_where=_OPEN),
        Index("facts_department", "department", "created_at", "id"),
        Index("facts_kind", "kind_key", "created_at", "id"),
        Index("facts_created_at", "created_at", "id"),
        Index("facts_updated_at", "updated_at"),
        Index("facts_running_out", "until_on", postgresql_where=text("state <> 'ended' and until_on is not null")),
        CheckConstraint("state in ('confirmed', 'ended')", name="facts_state"),
        CheckConstraint("state <> 'ended' or until_on is not null", name="facts_ended"),
        # equal when it was called off on the day it began
        CheckConstraint("until_on >= from_on", name="facts_period_order"),
    )
