"""The tables of perks: its own copy of talent's facts, and what it grants and redeems.

Periods are half-open, `until_on` excluded. The partial unique index on redemptions is what keeps a pass from admitting
twice.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.tables import chassis_tables


class Base(DeclarativeBase):
    type_annotation_map = {
        str: Text,
        dt.datetime: DateTime(timezone=True),
        dt.date: Date,
        bytes: LargeBinary,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


chassis_tables(Base.metadata)


class Organisation(Base):
    """Copy of talent's organisation, as of the newest version heard."""

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
    """What each version of a set that was heard of said, for figures of past days."""

    __tablename__ = "set_versions"
    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    published_on: Mapped[dt.date]
    members: Mapped[list[Any]]


class Affiliation(Base):
    """Copy of talent's affiliation, as of the newest version heard."""

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


class Person(Base):
    """A person perks has heard of: the row evaluations lock, and the day something next changes by itself."""

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
    """What a person is entitled to under a scheme: one row ever, active or suspended. `facts` is what the clauses saw."""

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
    facts: Mapped[list[Any] | None]
    __table_args__ = (
        UniqueConstraint("person_id", "scheme_key", name="entitlements_person_scheme_key"),
        CheckConstraint("state in ('active', 'suspended')", name="entitlements_state_check"),
        Index("entitlements_page", "created_at", "id"),
    )


class Redemption(Base):
    """One scan. Admitted ones take a slot of their window; refused ones none."""

    __tablename__ = "redemptions"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    nonce: Mapped[str]
    pass_digest: Mapped[bytes]
    entitlement_id: Mapped[UUID]
    scheme_key: Mapped[str]
    place_id: Mapped[UUID]
    at: Mapped[dt.datetime]
    scope: Mapped[str]
    window: Mapped[str]
    slot: Mapped[int | None] = mapped_column(Integer)
    outcome: Mapped[str]
    code: Mapped[str | None]
    holder: Mapped[str]
    department: Mapped[str]
    created_at: Mapped[dt.datetime]
    __table_args__ = (
        UniqueConstraint("client_id", "nonce", name="redemptions_client_nonce_key"),
        CheckConstraint("(outcome = 'admitted') = (slot is not null)", name="redemptions_slot_check"),
        Index(
            "redemptions_slot", "entitlement_id", "scope", "window", "slot", unique=True,
            postgresql_where=text("slot is not null"),
        ),
        Index("redemptions_page", "created_at", "id"),
        Index("redemptions_place", "place_id", "created_at", "id"),
    )  # fmt: skip
