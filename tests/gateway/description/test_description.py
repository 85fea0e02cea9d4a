"""The API description is valid, complete and bilingual, and what is open is open."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from openapi_spec_validator import validate

import gateway.app  # noqa: F401  fills the table of operations
from deploy.local.throwaway import ThrowawayPlatform
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
        assert found["security"] == [{"oauth2": [one]} for one in (operation.scope, *operation.also) if one]


def test_the_open_endpoints_answer(api: Api) -> None:
    paths = ("/livez", "/version", "/docs", "/problems", "/problems/token_missing")
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
