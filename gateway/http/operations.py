"""How a route is declared: one decorator that says path, scope, shapes and texts, and makes route and description of it.

Every operation is in ``OPERATIONS``, so a test can go through all of them. A view returns ``(body, status)``, a body alone,
or a finished response.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, g, request
from flask_smorest import Blueprint

from gateway.auth.clients import Principal
from gateway.auth.tokens import TokenInvalid, TokenMissing, Tokens
from gateway.description.operations import Operation, Shape, describe
from gateway.http import reading
from gateway.http.problems import Problem
from gateway.serving import rate_limits

View = Callable[..., Any]


OPERATIONS: list[Operation] = []


class ScopeMissing(Problem):
    """The token does not allow this."""

    status = 403
    code = "scope_missing"
    zh = "访问令牌缺少权限范围 {scope}。"
    en = "The access token lacks the scope {scope}."


def operation(
    blueprint: Blueprint, method: str, path: str, *, scope: str | None, also: tuple[str, ...] = (), **shape: Any
) -> Callable[[View], View]:
    """Declare the decorated view; `shape` are the fields of Shape, `also` scopes that open it for some of its requests."""
    described = Shape(**shape)

    def decorate(view: View) -> View:
        declared = Operation(view.__name__, method, path, scope, also)
        OPERATIONS.append(declared)

        @functools.wraps(view)
        def answer(**path_fields: Any) -> Response:
            if scope is not None:
                g.principal = authenticated(scope, *also)
                if described.query is None:
                    reading.refuse_query()
            return respond(view(**{name: str(value) for name, value in path_fields.items()}))

        doc = describe(declared, described)
        blueprint.route(path, methods=[method])(blueprint.doc(**doc)(answer))
        return view

    return decorate


def authenticated(scope: str, *also: str) -> Principal:
    """The caller of this request, who holds one of these scopes.

    Raises TokenMissing, TokenInvalid, QuotaExceeded, ScopeMissing.
    """
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
    if principal.scopes.isdisjoint((scope, *also)):
        raise _lacking(scope)
    return principal


def require(scope: str) -> None:
    """Refuse a caller without this scope, where what is sent or found decides which one it takes. Raises ScopeMissing."""
    if scope not in g.principal.scopes:
        raise _lacking(scope)


def _lacking(scope: str) -> ScopeMissing:
    challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
    return ScopeMissing(scope=scope, headers={"WWW-Authenticate": challenge})


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
