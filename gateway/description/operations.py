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
from gateway.http import conditional


@dataclass(frozen=True)
class Operation:
    """One method on one path; `scope` None is open to everybody."""

    name: str
    method: str
    path: str
    scope: str | None


@dataclass(frozen=True)
class Shape:
    """What goes in and comes out of an operation, and what it is, in Chinese and English.

    `answers` is status → schema (None for no JSON); 400, 401, 403, 404, 414, 422, 429, 431, 503 and 504 go without saying, and
    408, 413 and 415 where there may be a body, 412 and 428 where a version is replaced.
    """

    summary: tuple[str, str]
    body: Schema | None = None
    body_type: str = "application/json"
    query: Schema | None = None
    answers: Mapping[int, Any] = field(default_factory=lambda: {200: None})
    problems: tuple[int, ...] = ()


_PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_RETRY_AFTER = {"schema": {"type": "integer"}, "description": "Seconds."}
_RATE_FIELDS = {
    name: {"schema": {"type": "string"}, "description": f"{text} (draft-ietf-httpapi-ratelimit-headers-11)"}
    for name, text in {
        "RateLimit-Policy": "The shares this request was counted against",
        "RateLimit": "What is left of them",
    }.items()
}
_MEANINGS = {
    304: "Not modified",
    400: "Malformed",
    401: "No valid access token",
    403: "Scope missing",
    404: "Not found",
    408: "The body took too long to arrive",
    409: "Conflict",
    410: "Gone",
    412: "The record has changed",
    413: "Too large",
    414: "The address is too long",
    415: "Unsupported media type",
    422: "The content does not hold",
    428: "If-Match is needed",
    429: "Too many requests",
    431: "The header fields are too large",
    503: "Not available now",
    504: "Outcome unknown",
}


def describe(declared: Operation, shape: Shape) -> dict[str, Any]:
    doc: dict[str, Any] = {
        "operationId": declared.name,
        "summary": " / ".join(shape.summary),
        "responses": _responses(declared, shape),
        "security": [{"oauth2": [declared.scope]}] if declared.scope else [],
    }
    if shape.body is not None:
        doc["requestBody"] = {"required": True, "content": {shape.body_type: {"schema": shape.body}}}
    if parameters := _parameters(declared, shape):
        doc["parameters"] = parameters
    return doc


def _responses(declared: Operation, shape: Shape) -> dict[str, Any]:
    usual = [400, 401, 403, 404, 414, 422, 429, 431, 503, 504] if declared.scope else [400]
    responses: dict[str, Any] = {}
    counted = {"headers": _RATE_FIELDS} if declared.scope else {}
    for status, schema in shape.answers.items():
        content = {"content": {"application/json": {"schema": schema}}} if schema is not None else {}
        responses[str(status)] = {"description": _MEANINGS.get(status, "OK"), **content, **counted}
    arriving = [408, 413, 415] if declared.method != "GET" else []
    replacing = [412, 428] if declared.method in ("PUT", "PATCH") else []
    for status in sorted({*usual, *arriving, *replacing, *shape.problems} - set(shape.answers)):
        responses[str(status)] = {"description": _MEANINGS.get(status, "Refused"), **_PROBLEM}
    if "429" in responses:
        responses["429"]["headers"] = {"Retry-After": _RETRY_AFTER, **_RATE_FIELDS}
    return responses


def _parameters(declared: Operation, shape: Shape) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    if shape.query is not None:
        parameters.append({"in": "query", "schema": shape.query})
    if declared.method in ("POST", "PUT", "PATCH"):
        text = "The same key again gives the same answer (48 hours)."
        parameters.append(_header("Idempotency-Key", text, idempotency.PATTERN))
    if declared.method in ("PUT", "PATCH"):
        parameters.append(_header("If-Match", "The ETag last read.", conditional.ENTITY_TAG))
    if declared.method == "GET" and 304 in shape.answers:
        text = "The ETag you hold; 304 if it is current."
        parameters.append(_header("If-None-Match", text, conditional.ENTITY_TAG))
    return parameters


def _header(name: str, text: str, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": pattern}
    return {"in": "header", "name": name, "required": False, "schema": schema, "description": text}
