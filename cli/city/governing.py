"""The gateway as the city office uses it: records read with their versions, and written on condition of them.

Lives here: the requests. Not here: what is compared and in which order (``comparing``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from cli.api import Api, new_key
from cli.exits import Refused


@dataclass(frozen=True)
class Held:
    """What the platform holds under a key, and its version."""

    content: dict[str, Any]
    version: int


class Governing(Api):
    """An Api that also writes."""

    def held(self, path: str) -> Held | None:
        """The record at a path; None where there is none."""
        try:
            found = dict(self.get(path))
        except Refused as refusal:
            if refusal.code.endswith("_not_found"):
                return None
            raise
        return Held(found, int(found["version"]))

    def put(self, path: str, body: dict[str, Any], version: int | None) -> dict[str, Any]:
        """Replace exactly `version`; without one create, and be refused where somebody was faster."""
        condition = {"If-None-Match": "*"} if version is None else {"If-Match": f'"v{version}"'}
        return self._write("PUT", path, body, condition)

    def patch(self, path: str, body: dict[str, Any], version: int) -> dict[str, Any]:
        """Change exactly `version`, by a merge patch."""
        headers = {"If-Match": f'"v{version}"', "Content-Type": "application/merge-patch+json"}
        return self._write("PATCH", path, body, headers)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Add a record, or move one."""
        return self._write("POST", path, body, {})

    def _write(self, method: str, path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        # the same key in every attempt: an answer that got lost is given again, the effect is not
        sent = {"Idempotency-Key": f'"{new_key()}"', **headers}
        url = self._place.url + path
        return dict(self._send(lambda: requests.Request(method, url, json=body, headers=dict(sent))).json())
