"""The tables of imports, in the database of each service that has kinds: uploads and workbooks sealed, in parts; verdicts.

Lives here: their SQLAlchemy form, added to a service's own metadata. Nothing personal stands in the clear.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

INSTANT = DateTime(timezone=True)


def import_tables(metadata: MetaData) -> None:
    """Add the tables of imports to the metadata of a service."""
    for add in (_imports, _chunks, _rows, _workbook_parts):
        add(metadata)


def _imports(metadata: MetaData) -> Table:
    """One upload and its progress. `next_line` is the first line not yet applied; `lease_until` the worker's claim."""
    return Table(
        "imports",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("mode", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("filename", LargeBinary, nullable=False),
        Column("organisation_id", Uuid),
        Column("size", BigInteger, nullable=False),
        Column("sha256", Text, nullable=False),
        Column("total", Integer, nullable=False, default=0),
        Column("next_line", Integer, nullable=False, default=0),
        Column("attempts", Integer, nullable=False, default=0),
        Column("lease_until", INSTANT),
        Column("is_applied", Boolean, nullable=False, default=False),
        Column("has_workbook", Boolean, nullable=False, default=False),
        Column("reason", JSONB(none_as_null=True)),
        Column("warnings", JSONB, nullable=False, default=list),
        Column("reading", JSONB(none_as_null=True)),
        Column("client_id", Text, nullable=False),
        Column("department", Text, nullable=False),
        Column("request_id", Text, nullable=False),
        Column("version", Integer, nullable=False, default=1),
        Column("created_at", INSTANT, nullable=False),
        Column("finished_at", INSTANT),
        Index("imports_page", "department", "created_at", "id"),
        Index("imports_waiting", "id", postgresql_where=text("state in ('queued', 'applying')")),
    )


def _chunks(metadata: MetaData) -> Table:
    """A piece of the upload, sealed for its import and index."""
    return Table(
        "import_chunks",
        metadata,
        Column("import_id", Uuid, _import_fkey("import_chunks_import_fkey"), primary_key=True),
        Column("index", Integer, primary_key=True, autoincrement=False),
        Column("digest", LargeBinary, nullable=False),
        Column("sealed", LargeBinary, nullable=False),
    )


def _rows(metadata: MetaData) -> Table:
    """The verdict on one row of the file. The column of `record_id` has the name of what the first kind, the roster, wrote."""
    return Table(
        "import_rows",
        metadata,
        Column("import_id", Uuid, _import_fkey("import_rows_import_fkey"), primary_key=True),
        Column("row", Integer, primary_key=True, autoincrement=False),
        Column("verdict", Text, nullable=False),
        Column("violations", JSONB, nullable=False),
        Column("affiliation_id", Uuid, key="record_id"),
    )


def _workbook_parts(metadata: MetaData) -> Table:
    """A piece of the annotated workbook, sealed."""
    return Table(
        "import_workbook_parts",
        metadata,
        Column("import_id", Uuid, _import_fkey("import_workbook_parts_import_fkey"), primary_key=True),
        Column("index", Integer, primary_key=True, autoincrement=False),
        Column("sealed", LargeBinary, nullable=False),
    )


def _import_fkey(name: str) -> ForeignKey:
    return ForeignKey("imports.id", name=name, ondelete="cascade")


_OWN = MetaData()
IMPORTS, CHUNKS, ROWS, WORKBOOK_PARTS = _imports(_OWN), _chunks(_OWN), _rows(_OWN), _workbook_parts(_OWN)
