"""The gateway's own tables: registered clients and their secrets, which service has which import, and its part of the audit.

Secrets are 256-bit random, stored as SHA-256.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.store.tables import audit_table

TYPES = ("system", "channel", "device", "operator", "auditor")


class Base(DeclarativeBase):
    type_annotation_map = {
        str: Text,
        dt.datetime: DateTime(timezone=True),
        bytes: LargeBinary,
        list[str]: ARRAY(Text),
        list[UUID]: ARRAY(Uuid),
    }


audit_table(Base.metadata)


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
