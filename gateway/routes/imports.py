"""Roster imports: the file goes to talent in pieces, the verdicts and the annotated workbook come back."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from flask import Response, g, request, stream_with_context
from flask_smorest import Blueprint
from marshmallow import ValidationError, fields, validate
from werkzeug.datastructures import FileStorage

from contracts import imports as schemas
from contracts.language.schema import Schema, violations
from gateway.calls import backend, idempotency
from gateway.http import lists
from gateway.http.operations import operation, respond
from gateway.http.problems import Problem
from gateway.http.reading import InvalidBody
from gateway.serving import body_limits, rate_limits

blueprint = Blueprint("imports", __name__, description="名册导入 / Roster imports")
READ, WRITE = "talent:read", "talent:write"
ROWS = lists.query_schema(schemas.ListImportRows, "import_id")
IMPORTS = lists.query_schema(schemas.ListImports)


class Upload(Schema):
    """The form of an upload; the file stands beside it as ``file``."""

    kind = fields.String(required=True, validate=validate.OneOf(("roster",)))
    mode = fields.String(
        load_default="best_effort", validate=validate.OneOf(("dry_run", "best_effort", "all_or_nothing"))
    )
    organisation_id = fields.UUID()


class UploadForm(Upload):
    """As it is described."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


UPLOAD = Upload()


class FileMissing(Problem):
    """The form has no file."""

    status = 422
    code = "file_missing"
    zh = "请以 multipart/form-data 上传，文件字段名为 file。"
    en = "Send multipart/form-data with the file in the field “file”."


class FileTooLarge(Problem):
    """The file is larger than one upload may be."""

    status = 413
    code = "file_too_large"
    zh = "文件不能超过 {mebibytes} MiB。"
    en = "A file may have at most {mebibytes} MiB."


@operation(
    blueprint,
    "POST",
    "/v1/imports",
    scope=WRITE,
    summary=("上传名册", "Upload a roster"),
    body=UploadForm(),
    body_type="multipart/form-data",
    answers={202: schemas.Import},
    problems=(409,),
)
def start_import() -> Response:
    """Accepted: the rows are applied by a job; ask ``GET /v1/imports/{id}`` how far it is."""
    rate_limits.spend(rate_limits.IMPORTS, g.principal.client_id)
    with body_limits.arriving_within(body_limits.UPLOAD_SECONDS):
        upload = request.files.get("file")
        form = request.form.to_dict()
    if errors := UPLOAD.validate(form):
        raise InvalidBody(errors=violations(ValidationError(errors)))
    if upload is None:
        raise FileMissing()
    size, sha256 = _measured(upload)
    key = idempotency.request_key()
    about = {**form, "filename": upload.filename or "roster", "size": size, "sha256": sha256}
    started = backend.command("talent.start_import", about, key=key)
    if started["state"] == "uploading":
        _send(started["id"], upload.stream, key)
        started = backend.command("talent.submit_import", {"import_id": started["id"]}, key=f"{key}/submit")
    started["filename"] = about["filename"]  # talent keeps it sealed and answers a write without it
    response = respond((started, 202))
    response.headers["Location"] = f"/v1/imports/{started['id']}"
    response.headers["Retry-After"] = "1"
    return response


def _measured(upload: FileStorage) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while piece := upload.stream.read(schemas.CHUNK_BYTES):
        digest.update(piece)
        size += len(piece)
        if size > body_limits.UPLOAD_BYTES:
            raise FileTooLarge(mebibytes=body_limits.UPLOAD_BYTES // 2**20)
    upload.stream.seek(0)
    return size, digest.hexdigest()


def _send(import_id: str, stream: Any, key: str) -> None:
    """The pieces one by one, each safe to send again."""
    index = 0
    while piece := stream.read(schemas.CHUNK_BYTES):
        fields_ = {"import_id": import_id, "index": index, "data_base64": base64.b64encode(piece).decode()}
        backend.command("talent.append_import_chunk", fields_, key=f"{key}/{index}")
        index += 1


@operation(
    blueprint,
    "GET",
    "/v1/imports",
    scope=READ,
    summary=("列出导入", "List imports"),
    query=IMPORTS,
    answers={200: lists.page_schema(schemas.ImportPage)},
)
def list_imports() -> Response:
    return lists.page("talent.list_imports", IMPORTS)


@operation(
    blueprint,
    "GET",
    "/v1/imports/<uuid:import_id>",
    scope=READ,
    summary=("读取导入", "Read an import"),
    answers={200: schemas.Import},
)
def get_import(import_id: str) -> Response:
    return respond(backend.query("talent.get_import", {"import_id": import_id}))


@operation(
    blueprint,
    "GET",
    "/v1/imports/<uuid:import_id>/rows",
    scope=READ,
    summary=("读取逐行结果", "Read the verdict of each row"),
    query=ROWS,
    answers={200: lists.page_schema(schemas.ImportRowPage)},
)
def list_import_rows(import_id: str) -> Response:
    return lists.page("talent.list_import_rows", ROWS, import_id=import_id)


@operation(
    blueprint,
    "GET",
    "/v1/imports/<uuid:import_id>/workbook",
    scope=READ,
    summary=("下载批注后的工作簿", "Download the annotated workbook"),
    answers={200: None},
    problems=(409, 410),
)
def read_import_workbook(import_id: str) -> Response:
    first = backend.query("talent.read_import_workbook", {"import_id": import_id, "offset": 0})
    response = Response(stream_with_context(_pieces(import_id, first)), mimetype=first["media_type"])
    response.headers["Content-Disposition"] = f'attachment; filename="import-{import_id}.xlsx"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _pieces(import_id: str, part: dict[str, Any]) -> Iterator[bytes]:
    while True:
        yield base64.b64decode(part["data_base64"])
        if part["next_offset"] is None:
            return
        fields_ = {"import_id": import_id, "offset": part["next_offset"]}
        part = backend.query("talent.read_import_workbook", fields_)
