"""Roster imports (名册导入): an upload in pieces, its verdicts, its annotated workbook; seen by its department alone.

Lives here: what a client asks. Not here: reading the file and applying its rows (``import_job``).
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from chassis.ground.ids import uuid7
from chassis.store.pages import read_page
from chassis.store.work import Work
from contracts.imports import CHUNK_BYTES, MAX_BYTES, VERDICTS
from contracts.language.refusals import Refusal
from services.talent import organisations
from services.talent.imports import files, settings
from services.talent.imports.files import UploadKeys
from services.talent.imports.tables import Import, ImportRow

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILENAME = "filename"
SETTINGS = settings.load()


class ImportNotFound(Refusal):
    """No import of the caller's department has this id."""

    kind = "not_found"
    code = "talent.import_not_found"
    zh = "未找到该次导入。"
    en = "There is no such import."


class ImportTooLarge(Refusal):
    """The file is larger than one upload may be."""

    kind = "too_large"
    code = "talent.import_too_large"
    zh = "文件不能超过 {mebibytes} MiB，请拆分后上传。"
    en = "A file may have at most {mebibytes} MiB. Please split it."


class ImportChunkWrong(Refusal):
    """A piece is not base64, has the wrong size, or differs from the one already sent for its place."""

    kind = "unprocessable"
    code = "talent.import_chunk_wrong"
    zh = "第 {index} 段数据有误（编码、大小或内容与此前不符），请重新上传整个文件。"
    en = "Piece {index} is not base64, not of its size, or not what was sent before. Upload the whole file again."


class ImportNotUploading(Refusal):
    """The upload is complete already."""

    kind = "conflict"
    code = "talent.import_not_uploading"
    zh = "该文件已上传完毕，不能再追加。"
    en = "This upload is already complete."


class ImportIncomplete(Refusal):
    """Pieces are missing, or together they are not the file that was announced."""

    kind = "unprocessable"
    code = "talent.import_incomplete"
    zh = "文件不完整，或与声明的大小、SHA-256 不符，请重新上传。"
    en = "The file is incomplete or not the one announced (size, SHA-256). Please upload it again."


class ImportWorkbookNotReady(Refusal):
    """The annotated workbook is made when the import has ended; it is gone after 30 days."""

    kind = "conflict"
    code = "talent.import_workbook_not_ready"
    zh = "批注工作簿尚未生成，或已过保存期限。"
    en = "The annotated workbook is not there yet, or no longer."


def start_import(
    work: Work,
    *,
    uploads: UploadKeys,
    kind: str,
    mode: str,
    organisation_id: UUID | None,
    filename: str,
    size: int,
    sha256: str,
) -> dict[str, Any]:
    """Announce an upload. Raises ImportTooLarge, OrganisationNotFound."""
    if size > MAX_BYTES:
        raise ImportTooLarge(mebibytes=MAX_BYTES // 2**20)
    if organisation_id is not None:
        organisations.get_organisation(work, organisation_id=organisation_id)
    import_id = uuid7()
    row = Import(
        id=import_id,
        kind=kind,
        mode=mode,
        organisation_id=organisation_id,
        sha256=sha256,
        state="uploading",
        # a file name may hold anything, a person's name too
        filename=uploads.seal(import_id, FILENAME, filename.encode()),
        size=size,
        total=0,
        next_line=0,
        attempts=0,
        lease_until=None,
        is_applied=False,
        has_workbook=False,
        reason=None,
        warnings=[],
        client_id=work.caller.client_id,
        department=work.caller.department,
        request_id=work.caller.request_id,
        version=1,
        created_at=work.now,
        finished_at=None,
    )
    work.session.add(row)
    work.session.flush()
    work.record("import", row.id, from_state=None, to_state="uploading")
    return _record(work, row)


def append_import_chunk(
    work: Work, *, uploads: UploadKeys, import_id: UUID, index: int, data_base64: str
) -> dict[str, Any]:
    """Store a piece. Raises ImportNotFound, ImportNotUploading, ImportChunkWrong."""
    row = _uploading(work, import_id)
    try:
        data = base64.b64decode(data_base64, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImportChunkWrong(index=index) from error
    if len(data) != min(CHUNK_BYTES, row.size - index * CHUNK_BYTES):
        raise ImportChunkWrong(index=index)
    if not files.add_chunk(work.session, uploads, import_id, index, data):
        raise ImportChunkWrong(index=index)
    return _record(work, row)


def submit_import(work: Work, *, uploads: UploadKeys, import_id: UUID) -> dict[str, Any]:
    """Queue a complete upload. Raises ImportNotFound, ImportNotUploading, ImportIncomplete."""
    row = _uploading(work, import_id)
    digest, size = hashlib.sha256(), 0
    for part in files.upload_parts(work.session, uploads, import_id):
        digest.update(part)
        size += len(part)
    if size != row.size or digest.hexdigest() != row.sha256:
        raise ImportIncomplete()
    queued = update(Import).where(Import.id == import_id, Import.state == "uploading")
    work.session.execute(queued.values(state="queued", version=Import.version + 1))
    work.record("import", import_id, from_state="uploading", to_state="queued")
    return _record(work, _own(work, import_id))


def get_import(work: Work, *, uploads: UploadKeys, import_id: UUID) -> dict[str, Any]:
    """One import of the caller's department. Raises ImportNotFound."""
    row = _own(work, import_id)
    return _record(work, row) | {"filename": _filename(row, uploads)}


def list_imports(
    work: Work, *, uploads: UploadKeys, limit: int, after: dict[str, Any] | None, state: str | None = None
) -> dict[str, Any]:
    """A page of the department's imports, oldest first."""
    asked = select(Import.id, Import.created_at).where(Import.department == work.caller.department)
    if state is not None:
        asked = asked.where(Import.state == state)
    key = (Import.created_at.expression, Import.id.expression)
    page = read_page(work.session, asked, key=key, limit=limit, after=after)
    found = select(Import).where(Import.id.in_([item["id"] for item in page["items"]])).order_by(*key)
    rows = work.session.scalars(found).all()
    named = zip(_records(work, rows), rows, strict=True)
    return page | {"items": [{**record, "filename": _filename(row, uploads)} for record, row in named]}


def list_import_rows(
    work: Work, *, import_id: UUID, limit: int, after: dict[str, int] | None, verdict: str | None
) -> dict[str, Any]:
    """A page of verdicts in the order of the file. Raises ImportNotFound."""
    _own(work, import_id)
    asked = select(ImportRow).where(ImportRow.import_id == import_id).order_by(ImportRow.row).limit(limit + 1)
    if verdict is not None:
        asked = asked.where(ImportRow.verdict == verdict)
    if after is not None:
        asked = asked.where(ImportRow.row > after["row"])
    rows = work.session.scalars(asked).all()
    names = ("row", "verdict", "violations", "affiliation_id")
    items = [{name: getattr(row, name) for name in names} for row in rows[:limit]]
    return {"items": items, "next_after": {"row": items[-1]["row"]} if len(rows) > limit else None}


def read_import_workbook(work: Work, *, uploads: UploadKeys, import_id: UUID, offset: int) -> dict[str, Any]:
    """The workbook from `offset`, a multiple of its part size. Raises ImportNotFound, ImportWorkbookNotReady."""
    row = _own(work, import_id)
    part = None
    if row.has_workbook and offset % SETTINGS.part_bytes == 0:
        part = files.workbook_part(work.session, uploads, import_id, offset // SETTINGS.part_bytes)
    if part is None:
        raise ImportWorkbookNotReady(retry_after=1)
    has_more = len(part) == SETTINGS.part_bytes and files.has_workbook_part(
        work.session, import_id, offset // SETTINGS.part_bytes + 1
    )
    return {
        "data_base64": base64.b64encode(part).decode(),
        "next_offset": offset + len(part) if has_more else None,
        "filename": f"import-{import_id}.xlsx",
        "media_type": XLSX,
    }


def purge(work: Work) -> None:
    """Remove imports with their uploads, verdicts and workbooks when their days are over."""
    before = work.now - dt.timedelta(days=SETTINGS.keep_days)
    work.session.execute(delete(Import).where(Import.created_at < before))


def _own(work: Work, import_id: UUID) -> Import:
    asked = select(Import).where(Import.id == import_id, Import.department == work.caller.department)
    row = work.session.scalar(asked)
    if row is None:
        raise ImportNotFound()
    return row


def _uploading(work: Work, import_id: UUID) -> Import:
    row = _own(work, import_id)
    if row.state != "uploading":
        raise ImportNotUploading()
    return row


def _record(work: Work, row: Import) -> dict[str, Any]:
    work.session.refresh(row)
    return _records(work, [row])[0]


def _filename(row: Import, uploads: UploadKeys) -> str:
    # migration 0004 forgot those that were stored in the clear
    return uploads.open(row.id, FILENAME, row.filename).decode() if row.filename else ""


def _records(work: Work, rows: Sequence[Import]) -> list[dict[str, Any]]:
    """Without file names: the answer of a command is kept in the clear with its idempotency key."""
    asked = select(ImportRow.import_id, ImportRow.verdict, func.count()).group_by(
        ImportRow.import_id, ImportRow.verdict
    )
    counted = work.session.execute(asked.where(ImportRow.import_id.in_([row.id for row in rows])))
    counts = {(import_id, verdict): count for import_id, verdict, count in counted}
    names = ("id", "kind", "mode", "state", "organisation_id", "size", "sha256", "reason", "warnings", "version")
    return [
        {
            **{name: getattr(row, name) for name in names},
            "applied": row.is_applied,
            "filename": None,
            "counts": {"total": row.total, **{verdict: counts.get((row.id, verdict), 0) for verdict in VERDICTS}},
            "workbook": row.has_workbook,
            "reported_by": row.department,
            "created_at": row.created_at,
            "finished_at": row.finished_at,
            "expires_at": row.created_at + dt.timedelta(days=SETTINGS.keep_days),
        }
        for row in rows
    ]
