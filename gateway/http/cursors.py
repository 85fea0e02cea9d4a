"""Opaque, signed cursors for lists.

A cursor holds the key of the last item and a hash of operation and filters, so it cannot be forged and cannot be carried
over to another list. Signed with the keyring ``cursor``, which every replica shares; a key stays readable while it is in the
ring.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from gateway.http.problems import Problem

_LONGEST = 1024


class CursorInvalid(Problem):
    """The cursor is not one of ours, or belongs to a list with other filters."""

    status = 400
    code = "cursor_invalid"
    zh = "cursor 无效，或与当前查询条件不符；请从第一页重新开始。"
    en = "This cursor is not valid for this list; start again from the first page."


class Cursors:
    """Seals and opens cursors with a ring of secrets by key id."""

    def __init__(self, *, current: str, secrets: Mapping[str, bytes]) -> None:
        self._current = current
        self._secrets = dict(secrets)

    def seal(self, after: Mapping[str, Any], *, operation: str, filters: Mapping[str, str]) -> str:
        """The cursor that continues a list after an item."""
        payload = _encoded(json.dumps([after, _scope_of(operation, filters)], separators=(",", ":")).encode())
        return f"{self._current}.{payload}.{_encoded(self._signature(self._current, payload))}"

    def open(self, cursor: str, *, operation: str, filters: Mapping[str, str]) -> dict[str, Any]:
        """The key of the item to continue after. Raises CursorInvalid."""
        key_id, _, rest = cursor.partition(".")
        payload, _, signature = rest.partition(".")
        if len(cursor) > _LONGEST or key_id not in self._secrets:
            raise CursorInvalid()
        try:
            if not hmac.compare_digest(_decoded(signature), self._signature(key_id, payload)):
                raise CursorInvalid()
            after, scope = json.loads(_decoded(payload))
        except (ValueError, binascii.Error):
            raise CursorInvalid() from None
        if scope != _scope_of(operation, filters):
            raise CursorInvalid()
        return dict(after)

    def _signature(self, key_id: str, payload: str) -> bytes:
        return hmac.digest(self._secrets[key_id], payload.encode(), "sha256")[:16]


def _scope_of(operation: str, filters: Mapping[str, str]) -> str:
    text = json.dumps([operation, sorted(filters.items())])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    if not text.isascii():
        raise ValueError("not base64")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
