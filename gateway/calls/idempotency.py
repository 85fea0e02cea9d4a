"""The Idempotency-Key request header (draft-ietf-httpapi-idempotency-key-header-07).

Lives here: reading the key or making one. The promise itself is kept by the service that owns the effect, which stores the
key in the same transaction.
"""

from __future__ import annotations

import re
import uuid

from flask import request

from gateway.http.problems import Problem

#: A structured-field string (RFC 9651) or, as most clients send it, the bare token. Printable ASCII, 1 to 128 characters.
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,128})"')
_BARE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]{1,128}")
#: Both, as the API's description says it.
PATTERN = f"^({_QUOTED.pattern}|{_BARE.pattern})$"
_MADE_HERE = "gateway:"


class IdempotencyKeyMalformed(Problem):
    """The key is neither a quoted string nor a bare token of at most 128 characters."""

    status = 400
    code = "idempotency_key_malformed"
    zh = "Idempotency-Key 应为 1 至 128 个可见 ASCII 字符，可加双引号。"
    en = "Idempotency-Key takes 1 to 128 visible ASCII characters, quoted or bare."


def request_key() -> str:
    """The client's key, or a new one where it sent none. Raises IdempotencyKeyMalformed."""
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return f"{_MADE_HERE}{uuid.uuid4().hex}"
    quoted = _QUOTED.fullmatch(header.strip())
    if quoted is not None:
        return re.sub(r"\\(.)", r"\1", quoted.group(1))
    if _BARE.fullmatch(header.strip()) is None:
        raise IdempotencyKeyMalformed()
    return header.strip()


def is_made_here(key: str) -> bool:
    """Whether a key, or one derived from it, was made by ``request_key`` and not by the client."""
    return key.startswith(_MADE_HERE)
