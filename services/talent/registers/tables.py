"""Registers: kinds, entries, their parties, and what each department reports."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.talent.registry import Base, Id, Instant, Words


class RegisterKind(Base):
    """A kind of register, as data: what an entry of it is known by, carries and goes through, and who may report it.

    `declared`, `states` and `parties` have the shapes of ``contracts.talent.registers``.
    """

    __tablename__ = "register_kinds"

    key: Mapped[Words] = mapped_column(primary_key=True)
    name: Mapped[dict[str, Any]] = mapped_column(JSONB)
    programme: Mapped[Words]
    declared: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    natural_key: Mapped[list[str]] = mapped_column(ARRAY(Text))
    states: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    parties: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    reporters: Mapped[list[str]] = mapped_column(ARRAY(Text))
    version: Mapped[int]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    __table_args__ = (Index("register_kinds_programme", "programme"),)


class RegisterEntry(Base):
    """One entry: the values of the reporter that stands first among its kind's.

    `identity` is the SHA-256 of its natural key, as hexadecimal digits: one entry per kind and natural key. `same_as`: it is a
    second record of that entry, which is none itself. `expires_on` is the value of the field of this key, `reminded_on` the
    `expires_on` that was announced.
    """

    __tablename__ = "register_entries"

    id: Mapped[Id]
    kind_key: Mapped[Words] = mapped_column(ForeignKey("register_kinds.key"))
    identity: Mapped[Words]
    title: Mapped[Words]
    title_key: Mapped[Words]
    proposed_on: Mapped[dt.date | None]
    agreed_on: Mapped[dt.date | None]
    running_on: Mapped[dt.date | None]
    done_on: Mapped[dt.date | None]
    ended_on: Mapped[dt.date | None]
    county: Mapped[Words | None]
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    expires_on: Mapped[dt.date | None]
    reminded_on: Mapped[dt.date | None]
    same_as: Mapped[UUID | None] = mapped_column(ForeignKey("register_entries.id"))
    version: Mapped[int]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    __table_args__ = (
        Index("register_entries_identity", "kind_key", "identity", unique=True),
        Index("register_entries_kind", "kind_key", "created_at", "id"),
        Index(
            "register_entries_counted",
            "kind_key",
            "id",
            postgresql_include=["proposed_on", "agreed_on", "running_on", "done_on", "ended_on", "county"],
            postgresql_where=text("same_as is null"),
        ),
        Index("register_entries_created_at", "created_at", "id"),
        Index("register_entries_updated_at", "updated_at"),
        Index("register_entries_same_as", "same_as", postgresql_where=text("same_as is not null")),
        Index("register_entries_title", text("title_key gin_trgm_ops"), postgresql_using="gin"),
        Index(
            "register_entries_expiring",
            "expires_on",
            postgresql_where=text("expires_on is not null and reminded_on is distinct from expires_on"),
        ),
        CheckConstraint(
            "coalesce(proposed_on, agreed_on, running_on, done_on, ended_on) is not null", name="register_entries_days"
        ),
        CheckConstraint("same_as <> id", name="register_entries_not_same_as_itself"),
    )


class RegisterParty(Base):
    """An organisation or a person in a role of an entry."""

    __tablename__ = "register_parties"

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("register_entries.id"), primary_key=True)
    role: Mapped[Words] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(primary_key=True)
    """The id of the organisation or the person: one of the two columns below."""
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))

    __table_args__ = (
        Index("register_parties_organisation", "organisation_id", "role", "entry_id"),
        Index(
            "register_parties_counted",
            "role",
            "entry_id",
            postgresql_include=["party_id", "organisation_id"],
            postgresql_where=text("organisation_id is not null"),
        ),
        Index("register_parties_person", "person_id", postgresql_where=text("person_id is not null")),
        CheckConstraint("num_nonnulls(organisation_id, person_id) = 1", name="register_parties_one"),
        CheckConstraint("party_id = coalesce(organisation_id, person_id)", name="register_parties_party"),
    )


class RegisterReport(Base):
    """What one department has on record of an entry; it may differ from the record. `parties`: as in a report."""

    __tablename__ = "register_reports"

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("register_entries.id"), primary_key=True)
    department: Mapped[Words] = mapped_column(primary_key=True)
    client_id: Mapped[Words]
    title: Mapped[Words | None]
    proposed_on: Mapped[dt.date | None]
    agreed_on: Mapped[dt.date | None]
    running_on: Mapped[dt.date | None]
    done_on: Mapped[dt.date | None]
    ended_on: Mapped[dt.date | None]
    county: Mapped[Words | None]
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    parties: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    reported_at: Mapped[Instant]

    __table_args__ = (Index("register_reports_department", "department", "entry_id"),)
