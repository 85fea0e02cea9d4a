"""The examples of the description, sent to a running platform: none is refused for its shape, and the answers are described."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import urlencode

import pytest

from deploy.local.throwaway import ThrowawayPlatform
from examples.client import Client
from gateway.auth.scopes import TYPES
from gateway.http.operations import OPERATIONS
from tests.support.api import SOME_ID, Answer, Api, path_of

#: What an example must never be refused with.
OF_SHAPE = {
    "invalid_request",
    "invalid_query",
    "malformed_json",
    "malformed_request",
    "unsupported_media_type",
    "cursor_invalid",
}
#: On every answer, or of the connection; not described one by one.
OF_TRANSPORT = {
    "Server", "Date", "Connection", "Content-Type", "Content-Length", "Transfer-Encoding", "X-Content-Type-Options",
    "Referrer-Policy", "X-Frame-Options",
}  # fmt: skip
GUARDED = [one for one in OPERATIONS if one.scope]


@pytest.fixture(scope="module")
def clients(platform: ThrowawayPlatform) -> dict[str, Client]:
    """A client of each type, with all it may have."""
    name = f"examples_{uuid.uuid4().hex[:6]}"
    more: dict[str, dict[str, Any]] = {kind: {"type": kind} for kind in TYPES}
    more["device"]["bound_to"] = (SOME_ID,)
    scopes = {"system": TYPES["system"]}  # named, as people:all is for those alone who name it
    return {kind: platform.client(f"{name}_{kind}", name, *scopes.get(kind, ()), **more[kind]) for kind in TYPES}


@pytest.fixture(scope="module")
def document(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.send("GET", "/openapi.json", token="").json
    return found


def described(document: dict[str, Any], name: str) -> tuple[str, str, dict[str, Any]]:
    return next(
        (path, method.upper(), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"] == name
    )


def send(api: Api, client: Client, document: dict[str, Any], name: str) -> Answer:
    """The example of an operation; every parameter as the description has it, but for those that exclude one another."""
    path, method, operation = described(document, name)
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    for one in operation["parameters"]:
        value = one["example"]
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", str(value))
        elif one["in"] == "header":
            headers[one["name"].replace("-", "_")] = value
        elif one["name"] not in ("cursor", "as_of"):
            query[one["name"]] = str(value).lower() if isinstance(value, bool) else value
    headers.pop("Idempotency_Key", None)
    body: bytes | None = None
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        sent = {key: value for key, value in content["example"].items() if key != "cursor"}
        body, headers["Content_Type"] = json.dumps(sent).encode(), media
        if media == "multipart/form-data":
            body, headers["Content_Type"] = form(sent), f"{media}; boundary=b"
    address = path + (f"?{urlencode(query)}" if query else "")
    return api.send(method, address, body, token=client._bearer(), **headers)


def form(fields: dict[str, str]) -> bytes:
    file = fields.pop("file")
    parts = [(f'name="{name}"', value) for name, value in fields.items()] + [('name="file"; filename="a.csv"', file)]
    text = "".join(f"--b\r\nContent-Disposition: form-data; {named}\r\n\r\n{value}\r\n" for named, value in parts)
    return f"{text}--b--\r\n".encode()


def test_are_taken_and_what_comes_back_is_described(
    api: Api, clients: dict[str, Client], document: dict[str, Any]
) -> None:
    wrong = []
    for one in GUARDED:
        kind = next(kind for kind in ("system", "channel", "operator", "auditor", "device") if one.scope in TYPES[kind])
        answer = send(api, clients[kind], document, one.name)
        if answer.status >= 400 and answer.json["code"] in OF_SHAPE | {"scope_missing", "internal_error"}:
            wrong.append(f"{one.name}: {answer.json['code']} {answer.json.get('errors')}")
        wrong += [f"{one.name}: {flaw}" for flaw in undescribed(document, one.name, answer)]
    assert wrong == []


def test_what_needs_no_body_is_taken_without_one(
    api: Api, clients: dict[str, Client], document: dict[str, Any]
) -> None:
    sent = 0
    for one in GUARDED:
        *_, operation = described(document, one.name)
        if operation.get("requestBody", {"required": True})["required"] is False:
            method, path = one.method, path_of(one)
            answer = api.send(method, path, token=clients["system"]._bearer(), If_Match="*", Content_Type="")
            assert answer.status < 400 or answer.json["code"] not in OF_SHAPE, one.name
            sent += 1
    assert sent > 15


def undescribed(document: dict[str, Any], name: str, answer: Answer) -> list[str]:
    """Status, media type and header fields that the description does not have."""
    *_, operation = described(document, name)
    found = operation["responses"].get(str(answer.status))
    if found is None:
        return [f"status {answer.status}"]
    if "$ref" in found:
        found = document["components"]["responses"][found["$ref"].rpartition("/")[2]]
    media = answer.headers.get_content_type()
    unknown = [] if not answer.body or media in found.get("content", {}) else [media]
    allowed = {header.lower() for header in OF_TRANSPORT | found.get("headers", {}).keys()}
    return unknown + sorted({header for header in answer.headers if header.lower() not in allowed})
