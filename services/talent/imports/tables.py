"""Imports: the upload and the annotated workbook, sealed, in parts; the verdicts, which hold nothing personal."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Integer, LargeBinary, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.talent.registry import Base, Id, Instant, Words


class Import(Base):
    """One upload and how far it is. `next_line` is the first line not yet applied; `lease_until` the worker's claim."""

    __tablename__ = "imports"
    id: Mapped[Id]
    kind: Mapped[Words]
    mode: Mapped[Words]
    state: Mapped[Words]
    filename: Mapped[bytes] = mapped_column(LargeBinary)
    organisation_id: Mapped[UUID | None] = mapped_column(Uuid)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[Words]
    total: Mapped[int] = mapped_column(Integer)
    next_line: Mapped[int] = mapped_column(Integer)
    attempts: Mapped[int] = mapped_column(Integer)
    lease_until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    is_applied: Mapped[bool]
    has_workbook: Mapped[bool]
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    warnings: Mapped[list[Any]] = mapped_column(JSONB)
    client_id: Mapped[Words]
    department: Mapped[Words]
    request_id: Mapped[Words]
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[Instant]
    finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("imports_page", "department", "created_at", "id"),
        Index("imports_waiting", "id", postgresql_where=text("state in ('queued', 'applying')")),
    )


class ImportChunk(Base):
    """A piece of the upload, sealed for its import and index."""

    __tablename__ = "import_chunks"
    import_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("imports.id", name="import_chunks_import_fkey", ondelete="cascade"), primary_key=True
    )
    index: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class ImportRow(Base):
    """The verdict on one row of the file."""

    __tablename__ = "import_rows"
    import_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("imports.id", name="import_rows_import_fkey", ondelete="cascade"), primary_key=True
    )
    row: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    verdict: Mapped[Words]
    violations: Mapped[list[Any]] = mapped_column(JSONB)
    affiliation_id: Mapped[UUID | None] = mapped_column(Uuid)


class ImportWorkbookPart(Base):
    """A piece of the annotated workbook, sealed."""

    __tablename__ = "import_workbook_parts"
    import_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("imports.id", name="import_workbook_parts_import_fkey", ondelete="cascade"), primary_key=True
    )
    index: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
