"""Imports: the file goes in pieces to the service that has its kind; verdicts and the annotated workbook come back.

Files of registers are sent and followed with the scope that reports entries; all others with those of imports, which open every
file of the department. The kind decides.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Any

from flask import Response, g, request, stream_with_context
from flask_smorest import Blueprint
from marshmallow import ValidationError, fields, validate
from werkzeug.datastructures import FileStorage

from contracts import imports as schemas
from contracts.language.schema import Schema, violations
from gateway.calls import backend, idempotency, import_places
from gateway.http import lists
from gateway.http.operations import operation, require, respond
from gateway.http.problems import Problem
from gateway.http.reading import InvalidBody
from gateway.serving import body_limits, rate_limits

blueprint = Blueprint("imports", __name__, description="文件导入 / Imports")
IMPORT, RESULTS = "people:import", "people:import_results"
#: Family of kinds → the scope that sends its files, and opens what came of them.
OF_FAMILY = {"register": "registers:write"}
ALSO = tuple(OF_FAMILY.values())
ROWS = lists.query_schema(schemas.ListImportRows, "import_id")
IMPORTS = lists.query_schema(schemas.ListImports)
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OF_WORKBOOK = {200: ("Content-Disposition", "Cache-Control")}


class Upload(Schema):
    """The form of an upload; the file stands beside it as ``file``."""

    kind = fields.String(required=True, validate=schemas.KIND)
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
    scope=IMPORT,
    also=ALSO,
    summary=("上传文件", "Upload a file"),
    body=UploadForm(),
    body_type="multipart/form-data",
    answers={202: schemas.Import},
    headers={202: ("Location", "Retry-After")},
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
    require(OF_FAMILY.get(schemas.family_of(form["kind"]) or "", IMPORT))
    if upload is None:
        raise FileMissing()
    size, sha256 = _measured(upload)
    key = idempotency.request_key()
    about = {**form, "filename": upload.filename or form["kind"], "size": size, "sha256": sha256}
    service = str(schemas.service_of(form["kind"]))
    started = backend.command(f"{service}.start_import", about, key=key)
    import_places.note(started["id"], service, expires_at=dt.datetime.fromisoformat(started["expires_at"]))
    if started["state"] == "uploading":
        _send(service, started["id"], upload.stream, key)
        started = backend.command(f"{service}.submit_import", {"import_id": started["id"]}, key=f"{key}/submit")
    started["filename"] = about["filename"]  # it is kept sealed, and a write is answered without it
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


def _send(service: str, import_id: str, stream: Any, key: str) -> None:
    """The pieces one by one, each safe to send again."""
    index = 0
    while piece := stream.read(schemas.CHUNK_BYTES):
        fields_ = {"import_id": import_id, "index": index, "data_base64": base64.b64encode(piece).decode()}
        backend.command(f"{service}.append_import_chunk", fields_, key=f"{key}/{index}")
        index += 1


@operation(
    blueprint,
    "GET",
    "/v1/imports",
    scope=IMPORT,
    also=ALSO,
    summary=("列出导入", "List imports"),
    query=IMPORTS,
    answers={200: lists.page_schema(schemas.ImportPage)},
    headers=lists.HEADERS,
)
def list_imports() -> Response:
    """Those of one kind; without ``kind``, those of the service that has rosters."""
    kind = request.args.get("kind", "")
    _opened(kind, IMPORT)
    service = schemas.service_of(kind) or import_places.FIRST
    return lists.page(f"{service}.list_imports", IMPORTS)


@operation(
    blueprint,
    "GET",
    "/v1/imports/<uuid:import_id>",
    scope=IMPORT,
    also=ALSO,
    summary=("读取导入", "Read an import"),
    answers={200: schemas.Import},
)
def get_import(import_id: str) -> Response:
    found = _import(import_id)
    _opened(found["kind"], IMPORT)
    return respond(found)


def _import(import_id: str) -> Any:
    return backend.query(f"{import_places.service_of(import_id)}.get_import", {"import_id": import_id})


def _opened(kind: str, scope: str) -> None:
    """Refuse who holds neither `scope`, which opens imports of every kind, nor that of the kind's family. Raises ScopeMissing."""
    if scope not in g.principal.scopes:
        require(OF_FAMILY.get(schemas.family_of(kind) or "", scope))


def _results_opened(import_id: str) -> None:
    if RESULTS not in g.principal.scopes:
        _opened(_import(import_id)["kind"], RESULTS)


@operation(
    blueprint,
    "GET",
    "/v1/imports/<uuid:import_id>/rows",
    scope=RESULTS,
    also=ALSO,
    summary=("读取逐行结果", "Read the verdict of each row"),
    query=ROWS,
    answers={200: lists.page_schema(schemas.ImportRowPage)},
    headers=lists.HEADERS,
)
def list_import_rows(import_id: str) -> Response:
    _results_opened(import_id)
    return lists.page(f"{import_places.service_of(import_id)}.list_import_rows", ROWS, import_id=import_id)


@operation(
    blueprint,
    "GET",
    "/v1/imports/<uuid:import_id>/workbook",
    scope=RESULTS,
    also=ALSO,
    summary=("下载批注后的工作簿", "Download the annotated workbook"),
    media=(WORKBOOK,),
    headers=_OF_WORKBOOK,
    problems=(409, 410),
)
def read_import_workbook(import_id: str) -> Response:
    _results_opened(import_id)
    call = f"{import_places.service_of(import_id)}.read_import_workbook"
    first = backend.query(call, {"import_id": import_id, "offset": 0})
    return _workbook(first, stream_with_context(_pieces(call, import_id, first)))


def _workbook(read: dict[str, Any], content: Any) -> Response:
    response = Response(content, mimetype=read["media_type"])
    response.headers["Content-Disposition"] = f'attachment; filename="{read["filename"]}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _pieces(call: str, import_id: str, part: dict[str, Any]) -> Iterator[bytes]:
    while True:
        yield base64.b64decode(part["data_base64"])
        if part["next_offset"] is None:
            return
        fields_ = {"import_id": import_id, "offset": part["next_offset"]}
        part = backend.query(call, fields_)


class Kinds(Schema):
    """The kinds of files that can be uploaded."""

    items = fields.List(fields.Nested(schemas.ImportKind), required=True)


@operation(
    blueprint,
    "GET",
    "/v1/import-kinds",
    scope=IMPORT,
    also=ALSO,
    summary=("列出可导入的文件类型", "List the kinds of files that can be imported"),
    answers={200: Kinds},
)
def list_import_kinds() -> Any:
    """Each with its columns, and the headers that are read alike."""
    services = sorted({*schemas.KINDS.values(), *schemas.FAMILIES.values()})
    found = backend.query_all([(f"{service}.list_import_kinds", {}) for service in services])
    for answer in found:
        if isinstance(answer, Exception):
            raise answer
    return {"items": [kind for answer in found for kind in answer["items"]]}


@operation(
    blueprint,
    "GET",
    "/v1/import-kinds/<slug:kind>/template",
    scope=IMPORT,
    also=ALSO,
    summary=("下载填写模板", "Download the workbook to fill in"),
    media=(WORKBOOK,),
    headers=_OF_WORKBOOK,
)
def read_import_template(kind: str) -> Response:
    """Headers, drop-down lists, an example row that is not imported, and a sheet that explains the columns."""
    service = schemas.service_of(kind) or import_places.FIRST
    read = backend.query(f"{service}.read_import_template", {"kind": kind})
    return _workbook(read, base64.b64decode(read["data_base64"]))
