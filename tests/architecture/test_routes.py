"""Every route of the gateway refuses strangers and wrong scopes. Taken from the route table, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from deploy.local import demo_keys
from gateway.app import create_app
from gateway.auth.clients import Principal
from gateway.auth.scopes import SCOPES
from gateway.operations import OPERATIONS
from gateway.settings import GatewaySettings

ANY_ID = UUID("0190a000-0000-7000-8000-000000000000")
AUTOMATIC = {"HEAD", "OPTIONS"}
#: What may be asked without a token: how to get one, what there is, and whether it works.
OPEN = {
    "/oauth/token",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/openapi.json",
    "/docs",
    "/docs/<path:name>",
    "/problems/<code>",
    "/livez",
    "/readyz",
    "/metrics",
    "/version",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    keys = tmp_path_factory.mktemp("gateway") / "keys"
    demo_keys.make(keys)
    # nothing listens there: whoever is let in would be answered 503 or 504
    return create_app(
        GatewaySettings(
            database_url="postgresql://nobody@127.0.0.1:1/none",
            amqp_uri="amqp://nobody:none@127.0.0.1:1/",
            bind="127.0.0.1:0",
            public_url="http://gateway.test",
            workers=1,
            key_dir=Path(keys),
            is_dev=True,
            call_seconds=1.0,
        )
    )


@pytest.fixture(scope="module")
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as made:
        yield made


def methods(app: Flask) -> list[tuple[str, Rule]]:
    """Every method of every route."""
    rules = list(app.url_map.iter_rules())
    return [(method, rule) for rule in rules for method in sorted((rule.methods or set()) - AUTOMATIC)]


def url_of(rule: Rule) -> str:
    """An address the route takes."""
    values = {name: ANY_ID if "uuid" in str(rule) else str(ANY_ID) for name in rule.arguments}
    built = rule.build(values, append_unknown=False)
    assert built is not None, str(rule)
    return built[1]


def bearer(app: Flask, scopes: set[str]) -> dict[str, str]:
    principal = Principal("tester-1", "test_department", frozenset(scopes))
    return {"Authorization": f"Bearer {app.extensions['tokens'].issue(principal, frozenset(scopes))}"}


class TestRoutes:
    def test_are_either_declared_with_a_scope_or_open_on_purpose(self, app: Flask) -> None:
        declared = {(one.method, one.path.replace("<uuid:", "<")): one.scope for one in OPERATIONS}
        for method, rule in methods(app):
            scope = declared.get((method, str(rule).replace("<uuid:", "<")))
            assert (str(rule) in OPEN) == (scope is None), f"{method} {rule}"
            assert scope is None or scope in SCOPES, f"{method} {rule}"

    def test_refuse_a_stranger(self, app: Flask, client: FlaskClient) -> None:
        for method, rule in methods(app):
            if str(rule) not in OPEN:
                answer = client.open(url_of(rule), method=method)
                assert (answer.status_code, answer.json and answer.json["code"]) == (401, "token_missing"), rule
                assert answer.headers["WWW-Authenticate"].startswith("Bearer"), rule

    def test_refuse_a_token_that_is_not_ours(self, app: Flask, client: FlaskClient) -> None:
        whole = bearer(app, set(SCOPES))["Authorization"]
        forged = whole[:-4] + ("AAAA" if not whole.endswith("AAAA") else "BBBB")
        for method, rule in methods(app):
            if str(rule) not in OPEN:
                answer = client.open(url_of(rule), method=method, headers={"Authorization": forged})
                assert (answer.status_code, answer.json and answer.json["code"]) == (401, "token_invalid"), rule

    def test_refuse_every_scope_but_their_own(self, app: Flask, client: FlaskClient) -> None:
        needed = {(one.method, one.path): one.scope for one in OPERATIONS}
        checked = 0
        for method, rule in methods(app):
            scope = needed.get((method, str(rule)))
            if scope is not None:
                answer = client.open(url_of(rule), method=method, headers=bearer(app, set(SCOPES) - {scope}))
                assert (answer.status_code, answer.json and answer.json["code"]) == (403, "scope_missing"), rule
                checked += 1
        assert checked == len([one for one in OPERATIONS if one.scope])

    def test_let_their_own_scope_in(self, app: Flask, client: FlaskClient) -> None:
        """The refusals above would mean nothing if everything were refused."""
        for method, rule in methods(app):
            if str(rule) not in OPEN and method == "GET":
                scope = next(one.scope for one in OPERATIONS if (one.method, one.path) == (method, str(rule)))
                answer = client.open(url_of(rule), method=method, headers=bearer(app, {str(scope)}))
                assert answer.status_code not in (401, 403), rule
