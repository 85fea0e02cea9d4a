"""Schemes in immutable versions, and which places serve which institutions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    ForeignKeyConstraint,
    Index,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.perks.registry import Base


class Scheme(Base):
    """A version of a scheme; immutable."""

    __tablename__ = "schemes"
    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    is_current: Mapped[bool]
    name: Mapped[dict[str, Any]]
    source: Mapped[str]
    valid_from: Mapped[dt.date]
    valid_until: Mapped[dt.date | None]
    covers: Mapped[str]
    clauses: Mapped[list[Any]]
    limit_count: Mapped[int]
    limit_per: Mapped[str]
    limit_window: Mapped[str]
    limit_assumption: Mapped[bool]
    published_at: Mapped[dt.datetime]
    client_id: Mapped[str]
    department: Mapped[str]
    __table_args__ = (Index("schemes_current", "key", unique=True, postgresql_where=text("is_current")),)


class SchemeRelation(Base):
    """Which places serve which institutions under a scheme version: two sets, for a period."""

    __tablename__ = "scheme_relations"
    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    place_set: Mapped[str]
    institution_set: Mapped[str]
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["key", "version"], ["schemes.key", "schemes.version"], name="scheme_relations_scheme_fkey"
        ),
    )
