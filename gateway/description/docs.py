"""``/docs``, the description to read and try out (Swagger UI, offline, with Chinese labels), and ``/`` that leads to it."""

from __future__ import annotations

import functools
import mimetypes
from pathlib import Path

from flask import Blueprint, Response, redirect

from gateway.description import documents, swagger_ui
from gateway.description.advice import Words
from gateway.http.framework_problems import RouteNotFound

blueprint = Blueprint("docs", __name__)

_ASSETS = Path(__file__).parent / "assets"
ASSETS = tuple(sorted(path.name for path in _ASSETS.iterdir()))
_HEAD = """<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/contrast.css">
"""
_CONTENT = """<h1>接口文档 <span lang="en">API documentation</span></h1>
<div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
<script src="/docs/labels.js"></script>
"""


@blueprint.get("/")
def get_start() -> Response:
    """Whoever opens the address alone finds the documentation."""
    return redirect("/docs")  # type: ignore[return-value]


@blueprint.get("/docs")
def get_docs() -> Response:
    return documents.page(Words("接口文档", "API documentation"), _CONTENT, head=_HEAD, tag="div")


@blueprint.get("/docs/<path:name>")
def get_docs_asset(name: str) -> Response:
    """A file of the page. Raises RouteNotFound for any other."""
    if name in swagger_ui.SHA256:
        content = swagger_ui.content(name)
    elif name in ASSETS:
        content = _asset(name)
    else:
        raise RouteNotFound()
    return documents.send(content, mimetypes.guess_type(name)[0] or "application/octet-stream")


@functools.cache
def _asset(name: str) -> bytes:
    return (_ASSETS / name).read_bytes()
