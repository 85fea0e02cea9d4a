"""Entries of a register as a file: pages from talent, written while they are sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from flask import Response, stream_with_context
from flask_smorest import Blueprint

from contracts.language.schema import MAX_LIMIT
from contracts.language.schema import Schema as Base
from contracts.talent import register_rows as S
from gateway.calls import backend
from gateway.http import reading, sheets
from gateway.http.operations import operation

blueprint = Blueprint("register-files", __name__, description="台账文件 / Files of registers")
READ = "registers:read"
_FILTERS = ("state", "on", "county", "reported_by")
FILTERS = Base.from_dict(
    {name: S.ListRegisterRows._declared_fields[name] for name in _FILTERS}, name="RegisterFileQuery"
)()
_OF_FILE = {200: ("Content-Disposition", "Cache-Control")}

Rows = Sequence[Sequence[str]]


@operation(
    blueprint,
    "GET",
    "/v1/register-kinds/<slug:key>/entries.xlsx",
    scope=READ,
    summary=("导出台账（XLSX）", "Export a register (XLSX)"),
    query=FILTERS,
    media=(sheets.XLSX,),
    headers=_OF_FILE,
)
def export_register_workbook(key: str) -> Response:
    """The columns of the import, then id, state and reporters; sent in again it changes nothing."""
    first, pages = _pages(key)
    return _file(key, "xlsx", sheets.XLSX, sheets.xlsx_of(pages, name=first["name"]))


@operation(
    blueprint,
    "GET",
    "/v1/register-kinds/<slug:key>/entries.csv",
    scope=READ,
    summary=("导出台账（CSV）", "Export a register (CSV)"),
    query=FILTERS,
    media=(sheets.CSV,),
    headers=_OF_FILE,
)
def export_register_csv(key: str) -> Response:
    """The same as text, UTF-8 with its mark."""
    _, pages = _pages(key)
    return _file(key, "csv", sheets.CSV, sheets.csv_of(pages))


def _pages(key: str) -> tuple[dict[str, Any], Iterator[Rows]]:
    """The first page, so that what is refused is refused before a byte is sent; and all of them, each fetched when it is due."""
    wanted = {"kind_key": key, "limit": MAX_LIMIT, **reading.query_of(FILTERS)}
    first = backend.query("talent.list_register_rows", wanted)

    def pages() -> Iterator[Rows]:
        yield [first["headers"]]
        page = first
        while True:
            yield page["items"]
            if page["next_after"] is None:
                return
            page = backend.query("talent.list_register_rows", {**wanted, "after": page["next_after"]})

    return first, pages()


def _file(key: str, ending: str, media: str, content: Iterator[bytes]) -> Response:
    response = Response(stream_with_context(content), mimetype=media)
    response.headers["Content-Disposition"] = f'attachment; filename="{quote(key)}.{ending}"'
    response.headers["Cache-Control"] = "no-store"
    return response
