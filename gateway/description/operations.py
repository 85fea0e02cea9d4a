"""The description of one operation in OpenAPI 3.1: its parameters, body, answers and problems.

Lives here: what follows from an operation's shape. Not here: serving it (``gateway.http.operations``), the document as a whole
(``openapi``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema

from gateway.calls import idempotency
from gateway.description import words
from gateway.http import conditional, problems


@dataclass(frozen=True)
class Operation:
    """One method on one path; `scope` None is open to everybody. `also`: scopes that open it for some of its requests; the view
    says for which (``http.operations.require``).
    """

    name: str
    method: str
    path: str
    scope: str | None
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """What goes in and comes out of an operation, and what it is, in Chinese and English.

    `answers` is status → schema (None for no JSON), `media` the media types of the answers but for JSON, `headers` the header
    fields of an answer by its status. What every operation may answer goes without saying (`_responses`).
    """

    summary: tuple[str, str]
    body: Schema | None = None
    needs_body: bool = False
    """It takes no request without a body, though no field of it is required."""
    body_type: str = "application/json"
    query: Schema | None = None
    answers: Mapping[int, Any] = field(default_factory=lambda: {200: None})
    media: tuple[str, ...] = ()
    headers: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[int, ...] = ()


_BYTES = {"type": "string", "format": "binary"}
_PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
#: On every answer; on those of guarded operations; on every problem.
_ALWAYS, _COUNTED, _OF_PROBLEMS = (
    ("X-Request-Id", "traceparent"),
    ("RateLimit-Policy", "RateLimit"),
    ("Content-Language", "Vary"),
)
#: Status of a problem → its further header fields.
_OF_STATUS = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    409: ("Retry-After",),
    412: ("ETag",),
    415: ("Accept", "Accept-Patch"),
    429: ("Retry-After",),
    503: ("Retry-After",),
    504: ("Retry-After", "Idempotency-Key"),
}
_USUAL = (400, 401, 403, 404, 414, 422, 429, 431, 500, 503, 504)
_MEANINGS = {
    200: ("成功", "OK"),
    201: ("已新建", "Created"),
    202: ("已接收", "Accepted"),
    304: ("未变更", "Not modified"),
}


def describe(declared: Operation, shape: Shape) -> dict[str, Any]:
    doc: dict[str, Any] = {
        "operationId": declared.name,
        "summary": " / ".join(shape.summary),
        "responses": _responses(declared, shape),
        "security": [{"oauth2": [scope]} for scope in (declared.scope, *declared.also) if scope],
    }
    if (text := words.of_operation(declared.name)) is not None:
        doc["description"] = text
    if shape.body is not None:
        is_required = shape.needs_body or any(one.required for one in shape.body.load_fields.values())
        doc["requestBody"] = {"required": is_required, "content": {shape.body_type: {"schema": shape.body}}}
    if parameters := _parameters(declared, shape):
        doc["parameters"] = parameters
    return doc


def _responses(declared: Operation, shape: Shape) -> dict[str, Any]:
    is_write = declared.method != "GET"
    responses: dict[str, Any] = {}
    for status, schema in shape.answers.items():
        of_problem = (*_OF_PROBLEMS, *_OF_STATUS.get(status, ())) if status >= 400 else ()
        named = (*(("Idempotency-Replayed",) if is_write else ()), *shape.headers.get(status, ()), *of_problem)
        content = {"application/json": {"schema": schema}} if schema is not None else {}
        if status >= 400:
            content |= _PROBLEM["content"]
        else:
            content |= {} if status == 304 else {media: {"schema": _schema_of(media)} for media in shape.media}
        responses[str(status)] = {
            "description": _meaning(status),
            **({"content": content} if content else {}),
            "headers": _headers(declared, *named),
        }
    usual = _USUAL if declared.scope else (400, 500)
    arriving = (408, 413, 415) if is_write else ()
    replacing = (412, 428) if declared.method in ("PUT", "PATCH") else ()
    for status in sorted({*usual, *arriving, *replacing, *shape.problems} - set(shape.answers)):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return responses


def _schema_of(media: str) -> dict[str, str]:
    return {"type": "object"} if media.endswith("json") else _BYTES


def _meaning(status: int) -> str:
    return " / ".join(_MEANINGS.get(status) or problems.title_of(status))


def _headers(declared: Operation, *named: str) -> dict[str, Any]:
    names = (*_ALWAYS, *(_COUNTED if declared.scope else ()), *named)
    return _referred(*names)


def _referred(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in dict.fromkeys(names)}


def problem_components() -> dict[int, dict[str, Any]]:
    """The answer with a problem, by status; its component is named after it."""
    names = {status: (*_ALWAYS, *_COUNTED, *_OF_PROBLEMS, *_OF_STATUS.get(status, ())) for status in problems.TITLES}
    return {
        status: {
            "description": _meaning(status),
            "content": {media: {**content} for media, content in _PROBLEM["content"].items()},
            "headers": _referred(*named),
        }
        for status, named in names.items()
    }


def header_components() -> dict[str, Any]:
    """Every header field of an answer, by name."""
    names = {*_ALWAYS, *_COUNTED, *_OF_PROBLEMS, *(name for some in _OF_STATUS.values() for name in some), *_OF_ANSWERS}
    return {
        name: {"schema": {"type": "integer" if name == "Retry-After" else "string"}, **words.of_header(name)}
        for name in sorted(names)
    }


_OF_ANSWERS = ("ETag", "Location", "Link", "Idempotency-Replayed", "Content-Disposition", "Cache-Control")


def _parameters(declared: Operation, shape: Shape) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    if shape.query is not None:
        parameters.append({"in": "query", "schema": shape.query})
    if declared.method in ("POST", "PUT", "PATCH"):
        parameters.append(_header("Idempotency-Key", idempotency.PATTERN))
    if declared.method in ("PUT", "PATCH"):
        parameters.append(_header("If-Match", conditional.ENTITY_TAG))
    if declared.method == "GET" and 304 in shape.answers:
        parameters.append(_header("If-None-Match", conditional.ENTITY_TAG))
    return parameters


def _header(name: str, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": pattern}
    return {"in": "header", "name": name, "required": False, "schema": schema, **words.of_header(name)}
