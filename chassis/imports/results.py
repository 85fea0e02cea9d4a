"""What came of an import: its state, a verdict per row, the annotated workbook; and the kinds there are.

Lives here: the queries of a client, and the end of what is kept. Everything is seen by the uploading department alone.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.engine import RowMapping

from chassis.imports import files
from chassis.imports.files import Uploads
from chassis.imports.kinds import ImportKind
from chassis.imports.refusals import ImportNotFound, ImportWorkbookNotReady
from chassis.imports.tables import IMPORTS, ROWS
from chassis.imports.template import template
from chassis.store.pages import read_page
from chassis.store.work import Work
from contracts.imports import VERDICTS
from contracts.language.paging import Paging

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILENAME = "filename"
_SHOWN = (
    *("id", "kind", "mode", "state", "organisation_id", "size", "sha256", "reason", "warnings", "reading"),
    "version",
)


def get_import(work: Work, *, uploads: Uploads, import_id: UUID) -> dict[str, Any]:
    """One import of the caller's department. Raises ImportNotFound."""
    row = own(work, uploads, import_id)
    return _records(work, uploads, [row])[0] | {"filename": _filename(row, uploads)}


def list_imports(
    work: Work,
    *,
    uploads: Uploads,
    page: Paging,
    kind: str | None = None,
    state: str | None = None,
) -> dict[str, Any]:
    """A page of the department's imports, oldest first."""
    statement = select(IMPORTS).where(IMPORTS.c.department == work.caller.department)
    if kind is not None:
        statement = statement.where(IMPORTS.c.kind == kind)
    if state is not None:
        statement = statement.where(IMPORTS.c.state == state)
    finished_at = func.coalesce(IMPORTS.c.finished_at, IMPORTS.c.created_at)
    key = (IMPORTS.c.created_at, IMPORTS.c.id)
    found = read_page(work.session, statement, page, key=key, updated_at=finished_at)
    records = zip(_records(work, uploads, found["items"]), found["items"], strict=True)
    return found | {"items": [{**record, "filename": _filename(row, uploads)} for record, row in records]}


def list_import_rows(
    work: Work,
    *,
    uploads: Uploads,
    import_id: UUID,
    limit: int,
    after: Mapping[str, int] | None = None,
    verdict: str | None = None,
) -> dict[str, Any]:
    """A page of verdicts in the order of the file. Raises ImportNotFound."""
    own(work, uploads, import_id)
    statement = select(ROWS).where(ROWS.c.import_id == import_id).order_by(ROWS.c.row).limit(limit + 1)
    if verdict is not None:
        statement = statement.where(ROWS.c.verdict == verdict)
    if after is not None:
        statement = statement.where(ROWS.c.row > after["row"])
    rows = work.session.execute(statement).all()
    items = [
        {
            "row": row.row,
            "verdict": row.verdict,
            "violations": row.violations,
            "record_id": row.record_id,
            "affiliation_id": row.record_id,
        }
        for row in rows[:limit]
    ]
    return {"items": items, "next_after": {"row": items[-1]["row"]} if len(rows) > limit else None}


def read_import_workbook(work: Work, *, uploads: Uploads, import_id: UUID, offset: int) -> dict[str, Any]:
    """The workbook from `offset`, a multiple of its part size. Raises ImportNotFound, ImportWorkbookNotReady."""
    row = own(work, uploads, import_id)
    size = uploads.settings.part_bytes
    part = None
    if row["has_workbook"] and offset % size == 0:
        part = files.workbook_part(work.session, uploads, import_id, offset // size)
    if part is None:
        raise uploads.refusal(ImportWorkbookNotReady(retry_after=1))
    has_more = len(part) == size and files.has_workbook_part(work.session, import_id, offset // size + 1)
    return {
        "data_base64": base64.b64encode(part).decode(),
        "next_offset": offset + len(part) if has_more else None,
        "filename": f"import-{import_id}.xlsx",
        "media_type": XLSX,
    }


def list_import_kinds(work: Work, *, uploads: Uploads) -> dict[str, Any]:
    """The kinds of files this service imports, with their columns; of those that are data, what the caller's department may
    upload.
    """
    return {"items": [_as_record(kind) for kind in uploads.listed(work)]}


def read_import_template(work: Work, *, uploads: Uploads, kind: str) -> dict[str, Any]:
    """The workbook of a kind to fill in. Raises ImportKindNotFound."""
    made = template(uploads.kind(work, kind))
    return {"data_base64": base64.b64encode(made).decode(), "filename": f"{kind}.xlsx", "media_type": XLSX}


def purge(work: Work, *, uploads: Uploads) -> None:
    """Remove pieces nobody needs any more, and imports with their verdicts and workbooks when their days are over."""
    unfinished_before = work.now - dt.timedelta(hours=uploads.settings.unfinished_hours)
    files.forget_needless_uploads(work.session, unfinished_before=unfinished_before)
    before = work.now - dt.timedelta(days=uploads.settings.keep_days)
    work.session.execute(delete(IMPORTS).where(IMPORTS.c.created_at < before))


def own(work: Work, uploads: Uploads, import_id: UUID) -> RowMapping:
    """The row of an import of the caller's department. Raises ImportNotFound."""
    statement = select(IMPORTS).where(IMPORTS.c.id == import_id, IMPORTS.c.department == work.caller.department)
    row = work.session.execute(statement).mappings().one_or_none()
    if row is None:
        raise uploads.refusal(ImportNotFound())
    return row


def without_filename(work: Work, uploads: Uploads, import_id: UUID) -> dict[str, Any]:
    """The answer of a command: it is kept in the clear with its idempotency key, so it has no file name."""
    return _records(work, uploads, [own(work, uploads, import_id)])[0]


def shown_verdicts(work: Work, import_id: UUID) -> dict[int, list[str]]:
    """Of each row its verdict and the reasons in both languages, as ``annotating.annotate`` takes them."""
    statement = select(ROWS.c.row, ROWS.c.verdict, ROWS.c.violations).where(ROWS.c.import_id == import_id)
    shown = {}
    for number, verdict, violations in work.session.execute(statement):
        zh = "；".join(f"{one['column']}：{one['zh']}" for one in violations)
        en = "; ".join(f"{one['column']}: {one['en']}" for one in violations)
        shown[number] = [verdict, zh, en]
    return shown


def _as_record(kind: ImportKind) -> dict[str, Any]:
    columns = [
        {
            "key": column.key,
            "name": {"zh-CN": column.zh, "en": column.en},
            "required": column.is_required,
            "or_given": column.or_given,
            "synonyms": list(column.synonyms),
            "allowed": list(column.allowed),
            "example": column.example,
        }
        for column in kind.columns
    ]
    return {"key": kind.key, "name": {"zh-CN": kind.zh, "en": kind.en}, "columns": columns}


def _filename(row: Mapping[Any, Any], uploads: Uploads) -> str:
    # empty: talent's migration 0004 removed those that were stored in the clear
    return uploads.open(row["id"], FILENAME, row["filename"]).decode() if row["filename"] else ""


def _records(work: Work, uploads: Uploads, rows: Sequence[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    statement = select(ROWS.c.import_id, ROWS.c.verdict, func.count()).group_by(ROWS.c.import_id, ROWS.c.verdict)
    counted = work.session.execute(statement.where(ROWS.c.import_id.in_([row["id"] for row in rows])))
    counts = {(import_id, verdict): count for import_id, verdict, count in counted}
    return [
        {
            **{name: row[name] for name in _SHOWN},
            "applied": row["is_applied"],
            "filename": None,
            "counts": {"total": row["total"], **{verdict: counts.get((row["id"], verdict), 0) for verdict in VERDICTS}},
            "workbook": row["has_workbook"],
            "reported_by": [row["department"]],
            "created_at": row["created_at"],
            "finished_at": row["finished_at"],
            "expires_at": row["created_at"] + dt.timedelta(days=uploads.settings.keep_days),
        }
        for row in rows
    ]
