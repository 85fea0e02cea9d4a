"""The API described: ``/openapi.json`` (OpenAPI 3.1). Not here: its page (``docs``), those of problems (``problem_pages``)."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app
from flask_smorest import Api
from marshmallow import fields
from werkzeug.routing import UnicodeConverter

from contracts.figures import FIGURE_KEY, PROGRAMME_KEY
from contracts.language.schema import SLUG
from gateway.auth.scopes import SCOPES
from gateway.description import documents, problem_pages, words
from gateway.description.operations import header_components, problem_components

blueprint = Blueprint("describing", __name__)

CONFIGURATION: dict[str, Any] = {
    "API_TITLE": "青年之城 Youth City",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.1",
}
SPECIFICATION: dict[str, Any] = {
    "info": {
        "description": "一座城市的青年发展项目平台。文本不得含控制字符（制表符与换行除外）。\n\n"
        "One platform for a city's youth-development programmes. No text holds control characters but tabs and line ends.",
        "contact": {"name": "Youth City"},
    }
}
#: Components flask-smorest adds, which nothing refers to.
_NOT_OURS = ("Error", "PaginationMetadata")
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `code` never changes; `detail` comes in Chinese or English by Accept-Language.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "trace_id": {"type": ["string", "null"]},
        "retryable": {"type": "boolean"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


class SlugConverter(UnicodeConverter):
    """A key in a path; any text, so that the service says what is wrong with it."""


class ProgrammeConverter(UnicodeConverter):
    """A programme's key."""


class FigureConverter(UnicodeConverter):
    """A figure's key."""


CONVERTERS = {"slug": SlugConverter, "programme": ProgrammeConverter, "figure": FigureConverter}
_PATTERNS = {SlugConverter: SLUG, ProgrammeConverter: PROGRAMME_KEY, FigureConverter: FIGURE_KEY}


def add_components(api: Api) -> None:
    """Add what every operation refers to, and say patterns and keys as JSON Schema reads them."""
    # a default answer would stand for every status that is not described
    api.DEFAULT_ERROR_RESPONSE_NAME = ""
    api.ma_plugin.converter.add_attribute_function(_pattern)
    api.ma_plugin.converter.add_attribute_function(_keys)
    for converter, key in _PATTERNS.items():
        api.register_converter(converter, _described(key))
    api.spec.components.schema("Problem", PROBLEM_SCHEMA)
    for name, header in header_components().items():
        api.spec.components.header(name, header)
    for status, response in problem_components().items():
        response["content"]["application/problem+json"]["example"] = problem_pages.example_of(status)
        api.spec.components.response(f"Problem{status}", response)
    flow = {"tokenUrl": "/oauth/token", "scopes": {scope: f"{zh} / {en}" for scope, (zh, en) in SCOPES.items()}}
    scheme = {"type": "oauth2", "flows": {"clientCredentials": flow}}
    api.spec.components.security_scheme("oauth2", scheme)


def _described(key: Any) -> Callable[[Any], dict[str, str]]:
    described = {"type": "string", "pattern": _ecma(str(key.regex.pattern))}
    return lambda converter: described


def _pattern(self: Any, field: Any, ret: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Python's ``match`` begins at the start and knows ``\\Z``; JSON Schema searches anywhere and knows ``$`` (ECMA 262)."""
    return {"pattern": _ecma(ret["pattern"])} if "pattern" in ret else {}


def _ecma(pattern: str) -> str:
    bare = pattern.removeprefix("^")
    return "^" + (bare.removesuffix("\\Z") + "$" if bare.endswith("\\Z") else bare)


def _keys(self: Any, field: Any, ret: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """What the names in an object of free names may be, and how many."""
    keywords: dict[str, Any] = {}
    if isinstance(field, fields.Dict):
        if "maxLength" in ret:
            keywords["maxProperties"] = ret.pop("maxLength")
        if field.key_field is not None and field.key_field.validators:
            keywords["propertyNames"] = self.field2property(field.key_field)
    return keywords


@functools.cache
def _document() -> bytes:
    api = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    document = words.add(api.spec.to_dict())
    for name in _NOT_OURS:
        document["components"]["schemas"].pop(name, None)
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


@blueprint.get("/openapi.json")
def get_openapi() -> Response:
    return documents.send(_document(), "application/json")
