"""How a route is declared: one decorator that says path, scope, shapes and texts, and makes route and description of it.

Every operation is in ``OPERATIONS``, so a test can go through all of them. A view returns ``(body, status)``, a body alone,
or a finished response.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, current_app, g, request
from flask_smorest import Blueprint
from marshmallow import Schema

from gateway.auth.clients import Principal
from gateway.auth.tokens import TokenInvalid, TokenMissing, Tokens
from gateway.calls import idempotency
from gateway.http import conditional, reading
from gateway.http.problems import Problem
from gateway.serving import rate_limits

View = Callable[..., Any]


@dataclass(frozen=True)
class Operation:
    """One method on one path; `scope` None is open to everybody."""

    name: str
    method: str
    path: str
    scope: str | None


OPERATIONS: list[Operation] = []


class ScopeMissing(Problem):
    """The token does not allow this."""

    status = 403
    code = "scope_missing"
    zh = "访问令牌缺少权限范围 {scope}。"
    en = "The access token lacks the scope {scope}."


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


def operation(
    blueprint: Blueprint, method: str, path: str, *, scope: str | None, **shape: Any
) -> Callable[[View], View]:
    """Declare the decorated view; `shape` are the fields of Shape."""
    described = Shape(**shape)

    def decorate(view: View) -> View:
        declared = Operation(view.__name__, method, path, scope)
        OPERATIONS.append(declared)

        @functools.wraps(view)
        def answer(**path_fields: Any) -> Response:
            if scope is not None:
                g.principal = authenticated(scope)
                if described.query is None:
                    reading.refuse_query()
            return respond(view(**{name: str(value) for name, value in path_fields.items()}))

        doc = _description(declared, described)
        blueprint.route(path, methods=[method])(blueprint.doc(**doc)(answer))
        return view

    return decorate


def authenticated(scope: str) -> Principal:
    """The caller of this request. Raises TokenMissing, TokenInvalid, QuotaExceeded, ScopeMissing."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        metadata = f"{current_app.config['PUBLIC_URL']}/.well-known/oauth-protected-resource"
        raise TokenMissing(headers={"WWW-Authenticate": f'Bearer resource_metadata="{metadata}"'})
    tokens: Tokens = current_app.extensions["tokens"]
    try:
        principal = tokens.verify(token.strip())
    except TokenInvalid:
        rate_limits.spend_of_address()
        raise
    rate_limits.spend(rate_limits.CLIENT, principal.client_id)
    if scope not in principal.scopes:
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        raise ScopeMissing(scope=scope, headers={"WWW-Authenticate": challenge})
    return principal


def respond(answer: Any) -> Response:
    """The JSON response of a view's answer; says so when it is a stored one."""
    if isinstance(answer, Response):
        return answer
    body, status = answer if isinstance(answer, tuple) else (answer, 200)
    response = Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")), status=status, mimetype="application/json"
    )
    return mark_replayed(response, body)


def mark_replayed(response: Response, answer: Any) -> Response:
    """The response, marked where the service's answer is a stored one."""
    if getattr(answer, "replayed", False):
        response.headers["Idempotency-Replayed"] = "true"
    return response


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


def _description(declared: Operation, shape: Shape) -> dict[str, Any]:
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
