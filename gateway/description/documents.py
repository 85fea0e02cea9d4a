"""How a page and a file of the documentation are sent: nothing from outside, compressed where the client takes it."""

from __future__ import annotations

import gzip
import hashlib

from flask import Response, request

from gateway.description.advice import Words

#: Nothing from outside and no script in a page itself; Swagger UI writes styles into its elements.
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · 青年之城 Youth City</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/page.css">
{head}</head>
<body>
<header>
<p><a class="skip" href="#content">跳到正文 <span lang="en">Skip to content</span></a></p>
<nav aria-label="文档 Documentation">
<a href="/docs">接口文档 <span lang="en">API</span></a>
<a href="/problems">问题代码 <span lang="en">Problems</span></a>
<a href="/openapi.json">OpenAPI</a>
</nav>
</header>
<{tag} id="content">
{content}</{tag}>
</body>
</html>
"""
#: A class of `compressed` files is small and fixed, so each is compressed once.
_PACKED: dict[bytes, bytes] = {}


def page(title: Words, content: str, *, head: str = "", tag: str = "main") -> Response:
    """A page of the documentation; `content` and `head` are HTML; `tag` is ``div`` where the content has a main part."""
    text = _PAGE.format(title=f"{title.zh} {title.en}", content=content, head=head, tag=tag)
    response = send(text.encode(), "text/html")
    response.headers["Content-Security-Policy"] = POLICY
    return response


def send(content: bytes, media_type: str) -> Response:
    """A fixed content: compressed for whoever takes gzip, 304 for whoever holds it."""
    digest = hashlib.sha256(content).digest()
    is_compressed = request.accept_encodings.quality("gzip") > 0
    body = _packed(digest, content) if is_compressed else content
    response = Response(body, mimetype=media_type)
    if is_compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(f"{digest.hex()[:24]}-{'gzip' if is_compressed else 'plain'}")
    response.make_conditional(request)
    return response


def _packed(digest: bytes, content: bytes) -> bytes:
    if digest not in _PACKED:
        _PACKED[digest] = gzip.compress(content, 9, mtime=0)
    return _PACKED[digest]
