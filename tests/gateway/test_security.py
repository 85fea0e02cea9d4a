"""Every route of the table refuses strangers and wrong scopes; nothing but our own fresh tokens is believed."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

import gateway.app  # noqa: F401  fills the table of operations
from deploy.local.throwaway import ThrowawayPlatform
from gateway.operations import OPERATIONS, Operation
from tests.gateway.conftest import Answer, Api

GUARDED = [operation for operation in OPERATIONS if operation.scope is not None]
OPEN = {"issue_token", "get_jwks", "get_authorization_server", "get_protected_resource"}
SOME_ID = "01890000-0000-7000-8000-000000000000"


def path_of(operation: Operation) -> str:
    return re.sub(r"<[^>]+>", lambda part: SOME_ID if "uuid" in part[0] else "some-key", operation.path)


def assert_problem(answer: Answer, status: int, code: str) -> None:
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    body = answer.json
    assert (body["status"], body["code"]) == (status, code)
    assert {"type", "title", "detail", "instance", "trace_id", "retryable"} <= body.keys()


def test_only_the_token_endpoint_and_its_metadata_are_open() -> None:
    assert {operation.name for operation in OPERATIONS if operation.scope is None} == OPEN
    assert len(GUARDED) > 25


@pytest.mark.parametrize("operation", GUARDED, ids=lambda operation: operation.name)
class TestEveryGuardedRoute:
    def test_refuses_a_request_without_token(self, api: Api, operation: Operation) -> None:
        answer = api.send(operation.method, path_of(operation), b"{}", token="", Authorization="")
        assert_problem(answer, 401, "token_missing")
        assert "resource_metadata=" in answer.headers["WWW-Authenticate"]

    def test_refuses_a_token_without_its_scope(self, api: Api, scopeless: str, operation: Operation) -> None:
        answer = api.send(operation.method, path_of(operation), b"{}", token=scopeless, Accept_Language="en")
        assert_problem(answer, 403, "scope_missing")
        assert str(operation.scope) in answer.json["detail"]


@pytest.fixture(scope="module")
def scopeless(platform: ThrowawayPlatform) -> str:
    """A token that is good for nothing any guarded route asks."""
    return _signed(platform, {"scope": "none:at_all"})


def _signed(platform: ThrowawayPlatform, changes: dict[str, Any], header: dict[str, Any] | None = None) -> str:
    found = json.loads((Path(platform.environment["KEY_DIR"]) / "token_signing.json").read_text())
    key = KeySet.import_key_set({"keys": found["keys"]}).get_by_kid(found["current"])
    now = int(time.time())
    claims = {
        "iss": platform.url,
        "aud": platform.url,
        "client_id": "x",
        "department": "x",
        "scope": "talent:read",
        "iat": now,
        "exp": now + 60,
    }
    made = {"alg": "Ed25519", "typ": "at+jwt", "kid": found["current"], **(header or {})}
    return jwt.encode(made, {**claims, **changes}, key, algorithms=["Ed25519"])


class TestTokens:
    def test_are_believed_when_they_are_ours_and_fresh(self, api: Api, platform: ThrowawayPlatform) -> None:
        assert api.send("GET", "/v1/people", token=_signed(platform, {})).status == 200

    @pytest.mark.parametrize(
        ("changes", "header"),
        [
            ({"exp": 1}, {}),
            ({"aud": "somebody-else"}, {}),
            ({"iss": "somebody-else"}, {}),
            ({"iat": int(time.time()) + 86_400}, {}),
            ({"exp": "never"}, {}),
            ({}, {"typ": "JWT"}),
        ],
    )
    def test_are_refused_when_meant_otherwise(
        self, api: Api, platform: ThrowawayPlatform, changes: dict[str, Any], header: dict[str, Any]
    ) -> None:
        assert_problem(api.send("GET", "/v1/people", token=_signed(platform, changes, header)), 401, "token_invalid")

    def test_are_refused_when_forged(self, api: Api, platform: ThrowawayPlatform) -> None:
        true = _signed(platform, {})
        head, body, signature = true.split(".")
        none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
        foreign = OKPKey.generate_key("Ed25519", {"kid": "token_signing-demo1"}, private=True)
        forged = jwt.encode(
            {"alg": "Ed25519", "typ": "at+jwt", "kid": "token_signing-demo1"}, {}, foreign, algorithms=["Ed25519"]
        )
        for token in (
            f"{none}.{body}.",
            f"{head}.{body}.{signature[::-1]}",
            forged,
            "x",
            "a.b.c",
            "é" * 9,
            "z" * 9_000,
        ):
            assert_problem(api.send("GET", "/v1/people", token=token.encode().decode("latin-1")), 401, "token_invalid")


class TestTheTokenEndpoint:
    def test_answers_errors_as_rfc_6749_has_them(self, api: Api) -> None:
        form = "application/x-www-form-urlencoded"
        cases = [
            (b"", "", 400, "invalid_request"),
            (b"grant_type=password", "", 400, "unsupported_grant_type"),
            (b"grant_type=client_credentials", "", 401, "invalid_client"),
            (b"grant_type=client_credentials", "Basic !!!", 401, "invalid_client"),
            (b"grant_type=client_credentials&client_id=%00&client_secret=x", "", 401, "invalid_client"),
        ]
        for body, authorization, status, error in cases:
            answer = api.send("POST", "/oauth/token", body, token="", Authorization=authorization, Content_Type=form)
            assert (answer.status, answer.json["error"]) == (status, error)

    def test_narrows_to_the_scopes_asked_for(self, api: Api) -> None:
        body = b"grant_type=client_credentials&scope=talent:read"
        headers = {
            "Authorization": f"Basic {api.client._credentials}",
            "Content_Type": "application/x-www-form-urlencoded",
        }
        answer = api.send("POST", "/oauth/token", body, token="", **headers)
        assert (answer.status, answer.json["scope"]) == (200, "talent:read")
        answer = api.send("POST", "/oauth/token", b"grant_type=client_credentials&scope=x:y", token="", **headers)
        assert (answer.status, answer.json["error"]) == (400, "invalid_scope")


class TestClients:
    def test_are_registered_rotated_and_revoked(self, api: Api, platform: ThrowawayPlatform) -> None:
        client = platform.client("rotated", "some_department", "talent:read")
        client_id = base64.b64decode(client._credentials).decode().partition(":")[0]
        assert client.get("/v1/people", limit=1)["items"] is not None
        second = platform.run("gateway", "client", "rotate", client_id).strip()
        for secret in (base64.b64decode(client._credentials).decode().partition(":")[2], second):
            assert _token_status(api, client_id, secret) == 200
        platform.run("gateway", "client", "revoke", client_id)
        assert _token_status(api, client_id, second) == 401
        assert "revoked" in platform.run("gateway", "client", "list")

    def test_are_refused_with_a_scope_there_is_not(self, platform: ThrowawayPlatform) -> None:
        with pytest.raises(subprocess.CalledProcessError):
            platform.run("gateway", "client", "add", "x", "--department", "y", "--scope", "no:such")


def _token_status(api: Api, client_id: str, secret: str) -> int:
    login = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    form = "application/x-www-form-urlencoded"
    body = b"grant_type=client_credentials"
    return api.send("POST", "/oauth/token", body, token="", Authorization=f"Basic {login}", Content_Type=form).status
