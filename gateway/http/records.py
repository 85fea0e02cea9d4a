"""Routes of records, declared in one statement each: read, list, add, put, change and move.

Lives here: the statements, and what their answers have in common: ETag, If-None-Match and If-Match (RFC 9110), and Location for
a new record. An answer with a `version` has an ETag, unless the statement has ``has_etag=False``.

A person is shown or served to callers that reach them alone: `reaches` is the field of record or request that names the person.

A call is written "service.method"; the operation has the method's name. The request schema is the service's: less the fields from
the path, it is the body or the query string. Not here: routes that are no records (uploads, scans, tokens).

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
from gateway.calls import backend, owners, reach
from gateway.calls.owners import Owner
from gateway.http import conditional, lists, reading
from gateway.http.operations import operation, respond

Texts = tuple[str, str]
_ETAG = ("ETag",)
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
    reaches: str | None = None,
) -> None:
    """``GET`` one record; 304 where it has an ETag and the client holds this version. 404 where the caller does not reach the
    person that its field `reaches` names.

    `default_of`: a record in version 0 is a default, answered only if this query finds the id.
    """
    query = body_schema(request, *_fields_of(path))
    has_etag = has_etag and _has_version(answer)

    def view(**key: str) -> Response:
        parameters = reading.query_of(query) if query.fields else {}
        record = backend.query(call, {**key, **parameters})
        if reaches is not None and not reach.is_reached(record[reaches]):
            reach.refuse(call, key)
        is_unchanged = has_etag and conditional.is_unchanged(record["version"])
        if default_of is not None and record["version"] == 0:
            backend.query(default_of, key)
        if is_unchanged:
            return Response(status=304, headers={"ETag": conditional.etag(record["version"])})
        return _answered(record, has_etag=has_etag)

    answers: dict[int, Any] = {200: answer, 304: None} if has_etag else {200: answer}
    shape: dict[str, Any] = {"query": query} if query.fields else {}
    headers = dict.fromkeys(answers, _ETAG) if has_etag else {}
    _declare(bp, "GET", path, scope, texts, call, view, answers=answers, headers=headers, **shape)


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
    about: reach.ListOf | None = None,
) -> None:
    """``GET`` a page of records, filtered by the request's fields; `about` says by which of them it is a person's.

    `parent` reads the record the path names. It is called only where the page is empty: a list of an unknown record is a 404, and
    the others cost no second call.
    """
    query = lists.query_schema(request, *_fields_of(path))

    def view(**key: str) -> Response:
        return lists.page(call, query, parent=parent, about=about, **key)

    answers = {200: lists.page_schema(page)}
    _declare(bp, "GET", path, scope, texts, call, view, name=name, query=query, answers=answers, headers=lists.HEADERS)


def list_all(bp: Blueprint, path: str, scope: str, texts: Texts, call: str, answer: type[Schema]) -> None:
    """``GET`` a whole list, or the whole list of the record the path names: dozens at most, so there are no pages."""

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
    has_etag: bool = True,
    not_known: Sequence[Owner] = (),
    reaches: str | None = None,
) -> None:
    """``POST`` a record: 201 for a new record, 200 for a known one (never where it `is_always_new`).

    Location is `location`, by default the path, with the new id. `not_known`: ids that the service may not have received yet.
    The person that the field `reaches` names is unknown to callers that do not reach them.
    """
    body = body_schema(request, *_fields_of(path))
    has_etag = has_etag and _has_version(answer)

    def view(**key: str) -> Response:
        fields = {**reading.body_of(body), **key}
        record = owners.command(call, reach.limited(fields, reaches) if reaches else fields, not_known)
        status = 201 if is_always_new or record.get("created") else 200
        response = _answered(record, status, has_etag=has_etag)
        response.headers["Location"] = f"{location or path}/{record['id']}"
        return response

    answers = {201: answer} if is_always_new else {201: answer, 200: answer}
    headers = dict.fromkeys(answers, ("Location", *(_ETAG if has_etag else ())))
    _declare(bp, "POST", path, scope, texts, call, view, body=body, answers=answers, headers=headers, problems=(409,))


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
        return _answered(record, 201 if record.get("created") else 200, has_etag=True)

    answers = {201: answer, 200: answer}
    headers = dict.fromkeys(answers, _ETAG)
    _declare(bp, "PUT", path, scope, texts, call, view, body=body, answers=answers, headers=headers, problems=(409,))


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
        record = owners.command(call, {**key, "version": version, "changes": values}, not_known)
        return _answered(record, has_etag=True)

    shape: dict[str, Any] = {"body": body, "body_type": "application/merge-patch+json"}
    answers, headers = {200: answer}, {200: _ETAG}
    _declare(bp, "PATCH", path, scope, texts, call, view, answers=answers, headers=headers, problems=(409,), **shape)


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
    has_etag = has_etag and _has_version(answer)

    def view(**key: str) -> Response:
        return _answered(backend.command(call, {**reading.body_of(body), **key}), has_etag=has_etag)

    headers = {200: _ETAG} if has_etag else {}
    _declare(
        bp, "POST", path, scope, texts, call, view, body=body, answers={200: answer}, headers=headers, problems=problems
    )


def body_schema(command: type[Schema], *without: str) -> Schema:
    """The fields of a request, less those that come from path and headers."""
    declared = {name: field for name, field in command._declared_fields.items() if name not in without}
    return Base.from_dict(declared, name=f"{command.__name__}Body")()


def _answered(record: dict[str, Any], status: int = 200, *, has_etag: bool) -> Response:
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
    **shape: Any,
) -> None:
    view.__name__ = name or call.partition(".")[2]
    operation(bp, method, path, scope=scope, summary=texts, **shape)(view)


def _has_version(answer: type[Schema]) -> bool:
    return "version" in answer._declared_fields


def _fields_of(path: str) -> list[str]:
    return _PATH_FIELD.findall(path)
