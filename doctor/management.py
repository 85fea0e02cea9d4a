"""Requests to the broker's management API. Not here: the checks that use them (``servers``, ``queues``, ``clocks``)."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from doctor.remarks import Text
from doctor.site import PROBE_SECONDS, Site


def fetch(site: Site, path: str) -> Any:
    """The decoded answer to ``/api<path>``; None where there is none."""
    try:
        with urllib.request.urlopen(request(f"{site.broker_api}/api{path}"), timeout=PROBE_SECONDS) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None


def no_api(site: Site) -> Text:
    """The reason to skip a check that needs the management API."""
    parts = urlsplit(site.broker_api)
    place = f"{parts.hostname}:{parts.port}"
    return Text(
        f"管理接口 {place} 不应答；用 RABBIT_API 指明它的地址",
        f"its management API at {place} does not answer; RABBIT_API says where it is",
    )


def request(url: str) -> urllib.request.Request:
    """A request with the login of `url` as a header, which urllib does not do by itself."""
    parts = urlsplit(url)
    plain = urlunsplit(parts._replace(netloc=f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)))
    login = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    return urllib.request.Request(plain, headers={"Authorization": f"Basic {login}"} if parts.username else {})
