"""Single records with a version: ETag out, If-None-Match and If-Match in (RFC 9110)."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema

from chassis.store.versions import VersionStale
from contracts.language.refusals import Refusal
from contracts.language.schema import Schema as Base
from gateway.calls import backend
from gateway.http import conditional, reading
from gateway.http.operations import respond


def body_schema(command: type[Schema], *without: str) -> Schema:
    """The request body of a command: its fields, less those that come from path and headers."""
    declared = {name: field for name, field in command._declared_fields.items() if name not in without}
    return Base.from_dict(declared, name=f"{command.__name__}Body")()


def read(service: str, method: str, fields: dict[str, Any]) -> Response:
    """The record with its ETag, or 304 where the client holds this version."""
    record = backend.query(service, method, fields)
    if conditional.is_unchanged(record["version"]):
        return Response(status=304, headers={"ETag": conditional.etag(record["version"])})
    return answered(record)


def change(service: str, method: str, key: dict[str, str], body: Schema, *, read_by: str) -> Response:
    """A merge patch (RFC 7396) made from the version in If-Match, which must be there."""
    changes = reading.body_of(body, reading.MERGE_PATCH_TYPES)
    version = conditional.expected_version(lambda: int(backend.query(service, read_by, key)["version"]))
    record = backend.command(service, method, {**key, "version": version, "changes": changes})
    return answered(record)


def put(service: str, method: str, key: dict[str, str], body: Schema, *, read_by: str) -> Response:
    """The whole record, new or in place of the version in If-Match; ``If-None-Match: *`` only creates.

    Raises PreconditionRequired where the record is there and the request names no version at all.
    """
    content = reading.body_of(body)
    version = conditional.put_version(lambda: int(backend.query(service, read_by, key)["version"]))
    try:
        record = backend.command(service, method, {**content, **key, "version": version})
    except Refusal as refusal:
        if refusal.code == VersionStale.code and conditional.is_unconditional():
            raise conditional.PreconditionRequired() from None
        raise
    return answered(record, 201 if record.get("created") else 200)


def added(record: dict[str, Any], path: str) -> Response:
    """What a POST answers: 201 for a new record, 200 for one that was known."""
    response = answered(record, 201 if record.get("created") else 200)
    response.headers["Location"] = f"{path}/{record['id']}"
    return response


def answered(record: dict[str, Any], status: int = 200) -> Response:
    """The record with its ETag."""
    response = respond((record, status))
    response.headers["ETag"] = conditional.etag(record["version"])
    return response
