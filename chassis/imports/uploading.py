"""An upload (导入): announced, sent in pieces, submitted; seen by its department alone.

Lives here: the commands of a client. Not here: reading the file and applying its rows (``job``), what came of it (``results``).
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import math
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text, update

from chassis.ground.ids import uuid7
from chassis.imports import files, results
from chassis.imports.files import Uploads
from chassis.imports.refusals import (
    ImportChunkWrong,
    ImportDayFull,
    ImportIncomplete,
    ImportNotUploading,
    ImportTooLarge,
)
from chassis.imports.tables import IMPORTS
from chassis.store.work import Work
from contracts.imports import CHUNK_BYTES, MAX_BYTES

DAY = dt.timedelta(hours=24)
#: The uploads of one client are announced one after another.
_TAKE_TURN = text("""select pg_advisory_xact_lock(hashtextextended(:name, 0))""")
_OF_THE_DAY = text(
    """
    select coalesce(sum(size), 0) as bytes, min(created_at) as first from imports
    where department = :department and client_id = :client_id and created_at > :since
    """
)
#: Whoever changes the state of an upload or deletes its pieces holds its row.
_HOLD = text("""select id from imports where id = :id for update""")


def start_import(
    work: Work,
    *,
    uploads: Uploads,
    kind: str,
    mode: str,
    organisation_id: UUID | None,
    filename: str,
    size: int,
    sha256: str,
) -> dict[str, Any]:
    """Announce an upload. Raises ImportTooLarge, ImportKindNotFound, ImportDayFull, and what the kind refuses of its caller
    and of its organisation.
    """
    if size > MAX_BYTES:
        raise uploads.refusal(ImportTooLarge(mebibytes=MAX_BYTES // 2**20))
    wanted = uploads.kind(work, kind)
    wanted.check(work)
    if organisation_id is not None:
        wanted.check_organisation(work, organisation_id)
    _refuse_beyond_the_day(work, uploads, size)
    import_id = uuid7()
    row = {
        "id": import_id,
        "kind": kind,
        "mode": mode,
        "organisation_id": organisation_id,
        "state": "uploading",
        # a file name may hold anything, a person's name too
        "filename": uploads.seal(import_id, results.FILENAME, filename.encode()),
        "size": size,
        "sha256": sha256,
        "client_id": work.caller.client_id,
        "department": work.caller.department,
        "request_id": work.caller.request_id,
        "created_at": work.now,
    }
    work.session.execute(insert(IMPORTS).values(row))
    work.record("import", import_id, from_state=None, to_state="uploading")
    return results.without_filename(work, uploads, import_id)


def append_import_chunk(
    work: Work, *, uploads: Uploads, import_id: UUID, index: int, data_base64: str
) -> dict[str, Any]:
    """Store a piece. Raises ImportNotFound, ImportNotUploading, ImportChunkWrong."""
    row = _uploading(work, uploads, import_id)
    try:
        data = base64.b64decode(data_base64, validate=True)
    except (binascii.Error, ValueError) as error:
        raise uploads.refusal(ImportChunkWrong(index=index)) from error
    if len(data) != min(CHUNK_BYTES, row["size"] - index * CHUNK_BYTES):
        raise uploads.refusal(ImportChunkWrong(index=index))
    if not files.add_chunk(work.session, uploads, import_id, index, data):
        raise uploads.refusal(ImportChunkWrong(index=index))
    return results.without_filename(work, uploads, import_id)


def submit_import(work: Work, *, uploads: Uploads, import_id: UUID) -> dict[str, Any]:
    """Queue a complete upload. Raises ImportNotFound, ImportNotUploading, ImportIncomplete."""
    work.session.execute(_HOLD, {"id": import_id})
    row = _uploading(work, uploads, import_id)
    digest, size = hashlib.sha256(), 0
    for part in files.upload_parts(work.session, uploads, import_id):
        digest.update(part)
        size += len(part)
    if size != row["size"] or digest.hexdigest() != row["sha256"]:
        raise uploads.refusal(ImportIncomplete())
    queued = update(IMPORTS).where(IMPORTS.c.id == import_id, IMPORTS.c.state == "uploading")
    work.session.execute(queued.values(state="queued", version=IMPORTS.c.version + 1))
    work.record("import", import_id, from_state="uploading", to_state="queued")
    return results.without_filename(work, uploads, import_id)


def _refuse_beyond_the_day(work: Work, uploads: Uploads, size: int) -> None:
    client = {"client_id": work.caller.client_id, "department": work.caller.department}
    work.session.execute(_TAKE_TURN, {"name": f"imports of {work.caller.client_id}"})
    announced = work.session.execute(_OF_THE_DAY, {**client, "since": work.now - DAY}).one()
    limit = uploads.settings.day_bytes
    if announced.bytes + size > limit:
        wait = math.ceil((announced.first + DAY - work.now).total_seconds()) if announced.first else None
        raise uploads.refusal(ImportDayFull(retry_after=wait, mebibytes=limit // 2**20))


def _uploading(work: Work, uploads: Uploads, import_id: UUID) -> Any:
    row = results.own(work, uploads, import_id)
    if row["state"] != "uploading":
        raise uploads.refusal(ImportNotUploading())
    return row
