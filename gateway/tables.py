"""The gateway's own tables: registered clients and their secrets, and which service has which import.

Secrets are 256-bit random, stored as SHA-256.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    type_annotation_map = {
        str: Text,
        dt.datetime: DateTime(timezone=True),
        bytes: LargeBinary,
        list[str]: ARRAY(Text),
    }


class Client(Base):
    """A department's system that may ask for tokens."""

    __tablename__ = "clients"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    department: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]


class ClientSecret(Base):
    """A secret of a client; two may live at once, so that it can be rotated without a gap."""

    __tablename__ = "client_secrets"
    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", name="client_secrets_client_fkey"))
    created_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
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
