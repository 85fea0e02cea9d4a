"""A signed token as JSON, or as a QR code (ISO/IEC 18004) in SVG where the client asks for one."""

from __future__ import annotations

import io
from typing import Any

import segno
from flask import Response, request

from gateway.http.operations import respond

SVG = "image/svg+xml"
HEADERS = {200: ("Cache-Control", "Vary")}


def json_or_svg(issued: dict[str, Any]) -> Response:
    """The answer with a ``token``, by the Accept header; never stored on the way."""
    wants_svg = request.accept_mimetypes.best_match(["application/json", SVG], "application/json") == SVG
    response = Response(_qr(issued["token"]), mimetype=SVG) if wants_svg else respond(issued)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


def _qr(token: str) -> bytes:
    drawn = io.BytesIO()
    segno.make_qr(token, error="m").save(drawn, kind="svg", scale=4, border=4, xmldecl=True, svgns=True)
    return drawn.getvalue()
