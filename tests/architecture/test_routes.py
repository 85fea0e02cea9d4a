"""Every route of the gateway refuses strangers, tokens that are not ours, and wrong scopes.

Taken from the route table, so that none is forgotten. What each answers to whom stands in ``tests/access/matrix.py``.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import Key, KeySet, OctKey, OKPKey
from werkzeug.routing import Rule

from deploy.local import demo_keys
from gateway.auth.clients import Principal
from gateway.auth.scopes import SCOPES
from gateway.http.operations import OPERATIONS
from tests.architecture import source
from tests.support.gateways import unconnected

URL = "http://gateway.test"
ANY_ID = UUID("0190a000-0000-7000-8000-000000000000")
AUTOMATIC = {"HEAD", "OPTIONS"}
#: What may be requested without a token: how to get one, what there is, and whether it works.
OPEN = {
    "/oauth/token",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/",
    "/openapi.json",
    "/docs",
    "/docs/<path:name>",
    "/problems",
    "/problems/<code>",
    "/livez",
    "/version",
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gateway") / "keys"
    demo_keys.make(folder)
    return folder


@pytest.fixture(scope="module")
def app(keys: Path) -> Flask:
    return unconnected(keys, URL)


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


def signed(
    keys: Path, changes: dict[str, Any] | None = None, header: dict[str, Any] | None = None, by: Key | None = None
) -> str:
    """A token as ours, but for `changes` of its claims, of its header, and of the key."""
    found = json.loads((keys / "token_signing.json").read_text())
    key = by or KeySet.import_key_set({"keys": found["keys"]}).get_by_kid(found["current"])
    now = int(time.time())
    claims = {"iss": URL, "aud": URL, "sub": "x", "client_id": "x", "department": "x", "iat": now, "exp": now + 60}
    made = {"alg": "Ed25519", "typ": "at+jwt", "kid": found["current"], **(header or {})}
    return jwt.encode(made, {**claims, "scope": " ".join(SCOPES), **(changes or {})}, key, algorithms=[made["alg"]])


def wrong_tokens(keys: Path) -> dict[str, str]:
    """What is wrong with a token → the token; each is ours but for that."""
    now = int(time.time())
    head, claims, signature = signed(keys).split(".")
    public = json.loads((keys / "token_signing.json").read_text())["keys"][0]["x"]
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    richer = base64.urlsafe_b64encode(b'{"department":"another"}').rstrip(b"=").decode()
    return {
        "expired": signed(keys, {"exp": now - 1}),
        "not yet issued": signed(keys, {"iat": now + 86_400}),
        "without an end": signed(keys, {"exp": "never"}),
        "for another audience": signed(keys, {"aud": "http://elsewhere.test"}),
        "for several audiences": signed(keys, {"aud": [URL, "http://elsewhere.test"]}),
        "of another issuer": signed(keys, {"iss": "http://elsewhere.test"}),
        "of another type": signed(keys, header={"typ": "JWT"}),
        "of an unknown key": signed(keys, header={"kid": "no-such-key"}),
        "signed by another key": signed(keys, by=OKPKey.generate_key("Ed25519")),
        "signed with the public key": signed(keys, header={"alg": "HS256"}, by=OctKey.import_key(public)),
        "unsigned": f"{none}.{claims}.",
        "with other claims": f"{head}.{richer}.{signature}",
        "with another signature": f"{head}.{claims}.{signature[::-1]}",
        "not a token": "x",
        "empty parts": "..",
        "too long": "z" * 9_000,
    }


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
                assert answer.headers["WWW-Authenticate"].startswith("Bearer resource_metadata="), rule

    def test_refuse_a_token_that_is_not_ours(self, app: Flask, client: FlaskClient, keys: Path) -> None:
        assert app.extensions["tokens"].verify(signed(keys)).department == "x", (
            "the tokens below are wrong in one thing each"
        )
        for method, rule in methods(app):
            if str(rule) not in OPEN:
                for what, token in wrong_tokens(keys).items():
                    answer = client.open(url_of(rule), method=method, headers={"Authorization": f"Bearer {token}"})
                    found = (answer.status_code, answer.json and answer.json["code"])
                    assert found == (401, "token_invalid"), f"{what}: {method} {rule}"
                    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'

    def test_refuse_every_scope_but_their_own(self, app: Flask, client: FlaskClient) -> None:
        needed = {(one.method, one.path): (one.scope, *one.also) for one in OPERATIONS}
        checked = 0
        for method, rule in methods(app):
            scope, *also = needed.get((method, str(rule)), (None,))
            if scope is not None:
                held = set(SCOPES) - {scope, *also}
                answer = client.open(url_of(rule), method=method, headers=bearer(app, held))
                assert (answer.status_code, answer.json and answer.json["code"]) == (403, "scope_missing"), rule
                assert scope in answer.json["detail"], rule
                checked += 1
        assert checked == len([one for one in OPERATIONS if one.scope])

    def test_let_their_own_scope_in(self, app: Flask, client: FlaskClient) -> None:
        """The refusals above would mean nothing if everything were refused."""
        for method, rule in methods(app):
            if str(rule) not in OPEN and method == "GET":
                scope = next(one.scope for one in OPERATIONS if (one.method, one.path) == (method, str(rule)))
                answer = client.open(url_of(rule), method=method, headers=bearer(app, {str(scope)}))
                assert answer.status_code not in (401, 403), rule


def test_statements_name_rpcs_and_refusals_that_exist() -> None:
    """A refusal code that no service raises would never be matched, and nothing else would notice."""
    services = source.services()
    rpcs = {
        f"{service}.{name}"
        for service in services
        for name, call in source.entrypoints(service).items()
        if source.called(call) in ("command", "query")
    }
    in_services = {
        text for service in services for path in source.modules(f"services/{service}") for text in source.strings(path)
    }
    dotted = re.compile(rf"({'|'.join(services)})\.[a-z_]+")
    named = {
        text for path in source.modules("gateway/routes") for text in source.strings(path) if dotted.fullmatch(text)
    }
    assert len(named) > 40
    assert named - rpcs - in_services == set()
