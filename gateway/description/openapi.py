"""The API described: ``/openapi.json`` (OpenAPI 3.1), ``/docs`` (Swagger UI, offline), ``/problems/<code>``."""

from __future__ import annotations

import functools
import json
import mimetypes
from typing import Any

from flask import Blueprint, Response, abort, current_app, request
from flask_smorest import Api
from marshmallow import fields
from werkzeug.routing import UnicodeConverter

from contracts.language.schema import SLUG
from gateway.auth.scopes import SCOPES
from gateway.description import swagger_ui
from gateway.http import languages

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


def add_components(api: Api) -> None:
    """Add what every operation refers to, and say patterns and keys as JSON Schema reads them."""
    # a default answer would stand for every status that is not described
    api.DEFAULT_ERROR_RESPONSE_NAME = ""
    api.ma_plugin.converter.add_attribute_function(_pattern)
    api.ma_plugin.converter.add_attribute_function(_keys)
    slug = {"type": "string", "pattern": _ecma(str(SLUG.regex.pattern))}
    api.register_converter(SlugConverter, lambda converter: slug)
    api.spec.components.schema("Problem", PROBLEM_SCHEMA)
    flow = {"tokenUrl": "/oauth/token", "scopes": {scope: f"{zh} / {en}" for scope, (zh, en) in SCOPES.items()}}
    scheme = {"type": "oauth2", "flows": {"clientCredentials": flow}}
    api.spec.components.security_scheme("oauth2", scheme)


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
    return json.dumps(api.spec.to_dict(), ensure_ascii=False, indent=1).encode()


@blueprint.get("/openapi.json")
def get_openapi() -> Response:
    return Response(_document(), mimetype="application/json")


_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>青年之城 API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script></body></html>
"""
_START = """\
window.ui = SwaggerUIBundle({url: "/openapi.json", dom_id: "#ui", deepLinking: true, validatorUrl: null});
"""
#: Nothing from outside and no script in the page itself; Swagger UI writes styles into its elements.
_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@blueprint.get("/docs")
def get_docs() -> Response:
    response = Response(_PAGE, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@blueprint.get("/docs/<path:name>")
def get_docs_asset(name: str) -> Response:
    if name == "start.js":
        return Response(_START, mimetype="text/javascript")
    if name not in swagger_ui.SHA256:
        abort(404)
    is_compressed = request.accept_encodings.quality("gzip") > 0
    content = swagger_ui.compressed(name) if is_compressed else swagger_ui.plain(name)
    response = Response(content, mimetype=mimetypes.guess_type(name)[0])
    if is_compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.set_etag(f"{swagger_ui.VERSION}-{'gzip' if is_compressed else 'plain'}")
    response.make_conditional(request)
    return response


@blueprint.get("/problems/<code>")
def get_problem_page(code: str) -> Response:
    """What ``type`` of a problem points to: how to read any of them."""
    if not code.replace("_", "").replace(".", "").isalnum() or len(code) > 80:
        abort(404)
    zh = f"问题代码 {code}。detail 说明原因与处理办法，errors 指出字段；retryable 为 true 时可原样重试。"
    en = f"Problem code {code}. `detail` says why and what to do, `errors` names fields; retry when `retryable`."
    return Response(languages.pick(zh, en, languages.preferred()) + "\n", mimetype="text/plain")
