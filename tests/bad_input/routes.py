"""The routes by what they take, as the table of operations and the API's description have them; texts in both languages."""

from __future__ import annotations

import re
from typing import Any

import gateway.app  # noqa: F401  fills the table of operations
from gateway.description.operations import Operation
from gateway.http.operations import OPERATIONS
from tests.support.api import Answer

Document = dict[str, Any]

LANGUAGES = ("zh-CN", "en")
#: Operation → the media type it reads in place of JSON.
FORMS = {"issue_token": "application/x-www-form-urlencoded", "start_import": "multipart/form-data"}
GUARDED = [operation for operation in OPERATIONS if operation.scope is not None]
WITH_BODY = [operation for operation in OPERATIONS if operation.method != "GET"]
WITH_JSON = [operation for operation in WITH_BODY if operation.name not in FORMS]


def shape_of(operation: Operation, document: Document) -> dict[str, Any]:
    """The described shape of an operation's JSON; one that takes nothing takes an empty object."""
    content = _described(operation, document).get("requestBody", {}).get("content", {})
    nothing = {"type": "object", "additionalProperties": False}
    return next((dict(kind["schema"]) for kind in content.values()), nothing)


def query_of(operation: Operation, document: Document) -> dict[str, dict[str, Any]]:
    """The described query parameters of an operation, by name."""
    parameters = _described(operation, document).get("parameters", ())
    return {one["name"]: one for one in parameters if one["in"] == "query"}


def _described(operation: Operation, document: Document) -> dict[str, Any]:
    path = re.sub(r"<(?:[a-z]+:)?([^>]+)>", r"{\1}", operation.path)
    return dict(document["paths"][path][operation.method.lower()])


def assert_language(language: str, answer: Answer) -> None:
    """Title, detail and every error are in this language and in no other."""
    assert answer.headers["Content-Language"] == language
    problem = answer.json
    for text in (problem["title"], problem["detail"], *(error["detail"] for error in problem.get("errors", ()))):
        assert bool(re.search(r"[\u4e00-\u9fff]", text)) == (language == "zh-CN"), text
