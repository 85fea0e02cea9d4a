"""The demo's clients of the gateway, and ``.state/platform.json``: what ``welcome`` prints, for scripts."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.processes import run_step, write_private

#: Demo client → its department and scopes; no scopes named = every one there is.
CLIENTS: dict[str, tuple[str, list[str]]] = {
    "demo": ("youth_league", []),
    "education": ("education", ["talent:read", "talent:write", "perks:read"]),
    "gate": ("culture_tourism", ["perks:read", "perks:redeem"]),
}
#: The department of the demo that listens to events, and the types it is named for: its own schools' students.
LISTENER = "education"
LISTENER_TYPES = (
    "talent.affiliation.confirmed.v1",
    "talent.affiliation.changed.v1",
    "talent.affiliation.ended.v1",
    "talent.organisation.registered.v1",
    "talent.organisation.changed.v1",
)


def describe(path: Path, *, url: str, environment: Mapping[str, str], listener_uri: str, logs: Path) -> None:
    """Write the gateway's address, the demo clients, the listener's broker URI, and the command line's environment and logs.

    Clients that the gateway at `url` does not know are registered.
    """
    known = json.loads(path.read_text()).get("clients", {}) if path.exists() else {}
    for name, (department, scopes) in CLIENTS.items():
        if name not in known or not _is_known(url, known[name]):
            chosen = [word for scope in scopes for word in ("--scope", scope)] or ["--all-scopes"]
            arguments = ["client", "add", name, "--department", department, "--json", *chosen]
            known[name] = json.loads(run_step("gateway", *arguments, environment=environment))
    described = {
        "gateway_url": url,
        "clients": known,
        "listeners": {LISTENER: listener_uri},
        "environment": dict(environment),
        "logs": str(logs),
    }
    write_private(path, described)


def _is_known(url: str, client: Mapping[str, Any]) -> bool:
    login = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/x-www-form-urlencoded"}
    request = urllib.request.Request(f"{url}/oauth/token", b"grant_type=client_credentials", headers)
    try:
        with urllib.request.urlopen(request, timeout=10):
            return True
    except urllib.error.HTTPError:
        return False
