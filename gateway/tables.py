"""The gateway's own tables: registered clients and their secrets, which service has which import, its part of the audit, and the
programmes of the city's report.

Secrets are 256-bit random, stored as SHA-256.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.store.tables import audit_table, idempotency_table

TYPES = ("system", "channel", "device", "operator", "auditor")


class Base(DeclarativeBase):
    type_annotation_map = {
        str: Text,
        dt.datetime: DateTime(timezone=True),
        bytes: LargeBinary,
        list[str]: ARRAY(Text),
        list[UUID]: ARRAY(Uuid),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


audit_table(Base.metadata)
idempotency_table(Base.metadata)


class Client(Base):
    """Who may get tokens: a department's system, a channel, a device, an operator or an auditor."""

    __tablename__ = "clients"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    department: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    type: Mapped[str] = mapped_column(server_default="system")
    bound_to: Mapped[list[UUID]] = mapped_column(server_default="{}")
    """The places or activities of a device."""
    __table_args__ = (CheckConstraint(f"type in {TYPES}", name="clients_type"),)


class ClientSecret(Base):
    """A secret of a client; two may live at once, so that it can be rotated without a gap."""

    __tablename__ = "client_secrets"
    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", name="client_secrets_client_fkey"))
    created_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    expires_at: Mapped[dt.datetime | None]
    __table_args__ = (Index("client_secrets_client", "client_id"),)


class ImportPlace(Base):
    """The service that has an import."""

    __tablename__ = "import_places"
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    service: Mapped[str]
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime] = mapped_column(server_default=text("now() + interval '90 days'"))
    """When its service deletes the import. The default is for gateways that do not write it yet."""
    __table_args__ = (Index("import_places_expires_at", "expires_at"),)


class Programme(Base):
    """A programme of the city: what it is, how far it is, who runs it. `chapter` and `position` are its place in the report."""

    __tablename__ = "programmes"
    key: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[dict[str, Any]]
    status: Mapped[str]
    chapter: Mapped[str]
    position: Mapped[int]
    clause: Mapped[dict[str, Any]]
    departments: Mapped[list[dict[str, Any]]]
    waits_for: Mapped[list[str]]
    version: Mapped[int]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    __table_args__ = (
        CheckConstraint("status in ('running', 'planned', 'advocated')", name="programmes_status"),
        Index("programmes_place", "chapter", "position", "key"),
    )


class FigureDefinition(Base):
    """A figure of a programme, as ``contracts.figures`` has it; one key is one figure over all programmes."""

    __tablename__ = "figure_definitions"
    key: Mapped[str] = mapped_column(primary_key=True)
    programme_key: Mapped[str] = mapped_column(ForeignKey("programmes.key", name="figure_definitions_programme_fkey"))
    position: Mapped[int]
    definition: Mapped[dict[str, Any]]
    __table_args__ = (Index("figure_definitions_programme", "programme_key", "position"),)


class ProgrammeParameter(Base):
    """A number of a programme's rule; one key is one parameter over all programmes."""

    __tablename__ = "programme_parameters"
    key: Mapped[str] = mapped_column(primary_key=True)
    programme_key: Mapped[str] = mapped_column(ForeignKey("programmes.key", name="programme_parameters_programme_fkey"))
    position: Mapped[int]
    name: Mapped[dict[str, Any]]
    value: Mapped[int] = mapped_column(BigInteger)
    unit: Mapped[str]
    __table_args__ = (Index("programme_parameters_programme", "programme_key", "position"),)


class ReportOutline(Base):
    """What a report is called, and its chapters in their order."""

    __tablename__ = "report_outlines"
    key: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[dict[str, Any]]
    chapters: Mapped[list[dict[str, Any]]]
    version: Mapped[int]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
