"""The API description is valid, complete, bilingual, and its page loads nothing from outside."""

from __future__ import annotations

import gzip
import hashlib
import re
from urllib.parse import urlsplit

from openapi_spec_validator import validate

import gateway.app  # noqa: F401  fills the table of operations
from deploy.local.throwaway import ThrowawayPlatform
from gateway.description import swagger_ui
from gateway.http.operations import OPERATIONS
from tests.support.api import Api


def test_the_description_is_valid_openapi_3_1(api: Api) -> None:
    document = api.send("GET", "/openapi.json", token="").json
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_it_describes_every_operation_with_scope_and_both_languages(api: Api) -> None:
    document = api.send("GET", "/openapi.json", token="").json
    described = {
        operation["operationId"]: (operation, method, path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "operationId" in operation
    }
    assert described.keys() == {operation.name for operation in OPERATIONS}
    for operation in OPERATIONS:
        found, method, _ = described[operation.name]
        assert method == operation.method.lower()
        zh, _, en = found["summary"].partition(" / ")
        assert re.search(r"[\u4e00-\u9fff]", zh)
        assert en
        assert found["security"] == ([{"oauth2": [operation.scope]}] if operation.scope else [])


def test_the_page_loads_nothing_from_outside(api: Api) -> None:
    page = api.send("GET", "/docs", token="")
    assert re.findall(r"https?://", page.body.decode()) == []
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
    assert [api.send("GET", asset, token="").status for asset in assets] == [200] * 3


def test_the_page_is_swagger_ui_as_its_makers_built_it(api: Api) -> None:
    """A version that reads OpenAPI 3.1 as it stands; nothing rewrites the description for it."""
    assert 'url: "/openapi.json"' in api.send("GET", "/docs/start.js", token="").body.decode()
    for name, sha256 in swagger_ui.SHA256.items():
        plain = api.send("GET", f"/docs/{name}", token="")
        packed = api.send("GET", f"/docs/{name}", token="", Accept_Encoding="gzip")
        assert packed.headers["Content-Encoding"] == "gzip" and len(packed.body) < len(plain.body)
        assert [hashlib.sha256(one).hexdigest() for one in (plain.body, gzip.decompress(packed.body))] == [sha256] * 2
        assert api.send("GET", f"/docs/{name}", token="", If_None_Match=plain.headers["ETag"]).status == 304


def test_a_browser_is_told_to_load_and_run_nothing_else(api: Api) -> None:
    policy = api.send("GET", "/docs", token="").headers["Content-Security-Policy"]
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    assert (allowed["default-src"], allowed["script-src"], allowed["connect-src"]) == ("'none'", "'self'", "'self'")
    page = api.send("GET", "/docs", token="").body.decode()
    assert re.findall(r"<script(?! src=)|\son\w+=", page) == []


def test_the_open_endpoints_answer(api: Api) -> None:
    paths = ("/livez", "/version", "/problems/token_missing")
    paths += (
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource",
    )
    assert [(path, api.send("GET", path, token="").status) for path in paths] == [(path, 200) for path in paths]


def test_readiness_and_metrics_have_a_port_of_their_own_and_nothing_else_has_it(
    api: Api, platform: ThrowawayPlatform
) -> None:
    inside = Api(platform.health_url("gateway"), api.client)
    paths = ("/livez", "/readyz", "/readyz?verbose", "/metrics", "/version")
    assert [(path, inside.send("GET", path, token="").status) for path in paths] == [(path, 200) for path in paths]
    for path in ("/readyz", "/metrics"):
        host = urlsplit(inside.url).netloc
        assert [api.send("GET", path, token="", Host=one).status for one in ("gateway.test", host)] == [404] * 2
    assert [inside.send("GET", path, token="").status for path in ("/docs", "/v1/people", "/openapi.json")] == [404] * 3
    assert inside.send("POST", "/oauth/token", "grant_type=client_credentials", token="").status == 404


def test_every_answer_carries_its_request_id_and_trace(api: Api) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = api.send("GET", "/v1/people?limit=1", X_Request_Id="my-request", traceparent=trace)
    assert answer.headers["X-Request-Id"] == "my-request"
    assert answer.headers["traceparent"].split("-")[1] == "0af7651916cd43dd8448eb211c80319c"
