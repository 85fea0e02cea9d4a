"""Routes of records, declared in one statement each: read, list, add, put, change and move.

Lives here: the statements, and what their answers have in common: ETag out, If-None-Match and If-Match in (RFC 9110), Location
of a new record. A call is ``service.method``; the operation has the method's name. The request schema is the service's: less
the fields from the path, it is the body or the query string. Not here: routes that are no records (uploads, scans, tokens).

::

    records.get(bp, "/v1/titles/<uuid:title_id>", READ, ("读取称号", "Read a title"), "talent.get_title", S.GetTitle, S.Title)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema

from chassis.store.versions import VersionStale
from contracts.language.refusals import Refusal
from contracts.language.schema import Page
from contracts.language.schema import Schema as Base
from gateway.calls import backend, owners
from gateway.calls.owners import Owner
from gateway.http import conditional, lists, reading
from gateway.http.operations import operation, respond

Texts = tuple[str, str]
_PATH_FIELD = re.compile(r"<\w+:(\w+)>")


def get(
    bp: Blueprint,
    path: str,
    scope: str,
    texts: Texts,
    call: str,
    request: type[Schema],
    answer: type[Schema],
    *,
    has_etag: bool = True,
    default_of: str | None = None,
    note: str | None = None,
) -> None:
    """``GET`` one record. It has an ETag, and 304 for a client that holds its version, where its answer has a `version`.

    `default_of`: a record in version 0 is a default, answered once this query finds the id.
    """
    query = body_schema(request, *_fields_of(path))
    has_etag = has_etag and "version" in answer._declared_fields

    def view(**key: str) -> Response:
        parameters = reading.query_of(query) if query.fields else {}
        record = backend.query(call, {**key, **parameters})
        if has_etag and conditional.is_unchanged(record["version"]):
            return Response(status=304, headers={"ETag": conditional.etag(record["version"])})
        if default_of is not None and record["version"] == 0:
            backend.query(default_of, key)
        return answered(record, has_etag=has_etag)

    answers: dict[int, Any] = {200: answer, 304: None} if has_etag else {200: answer}
    shape: dict[str, Any] = {"query": query} if query.fields else {}
    _declare(bp, "GET", path, scope, texts, call, view, note=note, answers=answers, **shape)


def list_of(
    bp: Blueprint,
    path: str,
    scope: str,
    texts: Texts,
    call: str,
    request: type[Page],
    page: type[Schema],
    *,
    parent: str | None = None,
    name: str | None = None,
) -> None:
    """``GET`` a page of records, filtered by the request's fields. `parent` reads the record the path names, where a page is
    empty: so the list of an unknown one is a 404, and the others cost no second call.
    """
    query = lists.query_schema(request, *_fields_of(path))

    def view(**key: str) -> Response:
        return lists.page(call, query, parent=parent, **key)

    answers = {200: lists.page_schema(page)}
    _declare(bp, "GET", path, scope, texts, call, view, name=name, query=query, answers=answers)


def list_all(bp: Blueprint, path: str, scope: str, texts: Texts, call: str, answer: type[Schema]) -> None:
    """``GET`` all records there are, or all of the record the path names: dozens at most, so there are no pages."""

    def view(**key: str) -> Response:
        return respond(backend.query(call, key))

    _declare(bp, "GET", path, scope, texts, call, view, answers={200: answer})


def add(
    bp: Blueprint,
    path: str,
    scope: str,
    texts: Texts,
    call: str,
    request: type[Schema],
    answer: type[Schema],
    *,
    location: str | None = None,
    is_always_new: bool = False,
    not_known: Sequence[Owner] = (),
    note: str | None = None,
) -> None:
    """``POST`` a record: 201 for a new one, 200 for one that was known (never, when it `is_always_new`).

    `location` is the path of its address, the path itself without one. `not_known` names ids the service may not have received.
    """
    body = body_schema(request, *_fields_of(path))

    def view(**key: str) -> Response:
        record = owners.command(call, {**reading.body_of(body), **key}, not_known)
        status = 201 if is_always_new or record.get("created") else 200
        response = answered(record, status, has_etag=location is None)
        response.headers["Location"] = f"{location or path}/{record['id']}"
        return response

    answers = {201: answer} if is_always_new else {201: answer, 200: answer}
    _declare(bp, "POST", path, scope, texts, call, view, note=note, body=body, answers=answers, problems=(409,))


def put(
    bp: Blueprint,
    path: str,
    scope: str,
    texts: Texts,
    call: str,
    request: type[Schema],
    answer: type[Schema],
    *,
    read_by: str,
) -> None:
    """``PUT`` the whole record, new or in place of the version in If-Match; ``If-None-Match: *`` only creates.

    428 where the record exists and the request names no version at all. `read_by` reads the current version.
    """
    body = body_schema(request, *_fields_of(path), "version")

    def view(**key: str) -> Response:
        content = reading.body_of(body)
        version = conditional.put_version(lambda: int(backend.query(read_by, key)["version"]))
        try:
            record = backend.command(call, {**content, **key, "version": version})
        except Refusal as refusal:
            if refusal.code == VersionStale.code and conditional.is_unconditional():
                raise conditional.PreconditionRequired() from None
            raise
        return answered(record, 201 if record.get("created") else 200)

    answers = {201: answer, 200: answer}
    _declare(bp, "PUT", path, scope, texts, call, view, body=body, answers=answers, problems=(409,))


def change(
    bp: Blueprint,
    path: str,
    scope: str,
    texts: Texts,
    call: str,
    changes: type[Schema],
    answer: type[Schema],
    *,
    read_by: str,
    not_known: Sequence[Owner] = (),
) -> None:
    """``PATCH`` a record by a merge patch (RFC 7396), made from the version in If-Match, which is required."""
    body = body_schema(changes)

    def view(**key: str) -> Response:
        values = reading.body_of(body, reading.MERGE_PATCH_TYPES)
        version = conditional.expected_version(lambda: int(backend.query(read_by, key)["version"]))
        return answered(owners.command(call, {**key, "version": version, "changes": values}, not_known))

    media = "application/merge-patch+json"
    answers = {200: answer}
    _declare(bp, "PATCH", path, scope, texts, call, view, body=body, body_type=media, answers=answers, problems=(409,))


def move(
    bp: Blueprint,
    path: str,
    scope: str,
    texts: Texts,
    call: str,
    request: type[Schema],
    answer: type[Schema],
    *,
    has_etag: bool = True,
    problems: tuple[int, ...] = (409,),
) -> None:
    """``POST …/<move>``: a record changes its state."""
    body = body_schema(request, *_fields_of(path))

    def view(**key: str) -> Response:
        return answered(backend.command(call, {**reading.body_of(body), **key}), has_etag=has_etag)

    shape: dict[str, Any] = {"body": body} if body.fields else {}
    _declare(bp, "POST", path, scope, texts, call, view, answers={200: answer}, problems=problems, **shape)


def body_schema(command: type[Schema], *without: str) -> Schema:
    """The fields of a request, less those that come from path and headers."""
    declared = {name: field for name, field in command._declared_fields.items() if name not in without}
    return Base.from_dict(declared, name=f"{command.__name__}Body")()


def answered(record: dict[str, Any], status: int = 200, *, has_etag: bool = True) -> Response:
    """The record, with its ETag unless it has none."""
    response = respond((record, status))
    if has_etag:
        response.headers["ETag"] = conditional.etag(record["version"])
    return response


def _declare(
    bp: Blueprint,
    method: str,
    path: str,
    scope: str,
    texts: Texts,
    call: str,
    view: Callable[..., Response],
    *,
    name: str | None = None,
    note: str | None = None,
    **shape: Any,
) -> None:
    view.__name__ = name or call.partition(".")[2]
    view.__doc__ = note
    operation(bp, method, path, scope=scope, summary=texts, **shape)(view)


def _fields_of(path: str) -> list[str]:
    return _PATH_FIELD.findall(path)
