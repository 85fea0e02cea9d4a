"""The demo's clients of the gateway, and ``.state/platform.json``: what ``welcome`` prints, for scripts."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from deploy.local.packages import find_program
from deploy.local.processes import run_step, write_private
from examples.client import client_of


class DemoClient(NamedTuple):
    """What a client of the demo is registered with."""

    department: str
    type: str
    scopes: tuple[str, ...]

    def arguments(self, name: str, *bound_to: str) -> list[str]:
        """The command that registers it, less ``gateway``; a device is bound to these ids."""
        scopes = [word for scope in self.scopes for word in ("--scope", scope)]
        places = [word for one in bound_to for word in ("--bound-to", one)]
        about = ["--department", self.department, "--type", self.type, "--json"]
        return ["client", "add", name, *about, *scopes, *places]


_ROSTERS = (
    *("registry:read", "registry:write", "people:read", "people:write", "people:import", "people:import_results"),
    *("affiliations:report", "affiliations:decide"),
)
_REGISTERS = ("registers:read", "registers:write")
#: What a department needs to send its registers as files.
_RECORDS = ("registry:read", "registry:write", *_REGISTERS, "people:import", "people:import_results")
_OFFICE = (
    "registry:govern",
    "schemes:govern",
    "kinds:govern",
    "templates:govern",
    "templates:read",
    "reports:read",
    "reports:govern",
)
_ACTIVITIES = ("activities:read", "activities:write", "registrations:read", "registrations:write", "tickets:issue")
CLIENTS = {
    # the city's youth office, which also runs activities
    "demo": DemoClient(
        "youth_league",
        "system",
        (
            *_ROSTERS, *_OFFICE, *_ACTIVITIES, *_REGISTERS,
            *("schemes:read", "entitlements:read", "passes:issue", "redemptions:read"),
        ),
    ),
    "education": DemoClient(
        "education", "system", (*_ROSTERS, *_REGISTERS, "schemes:read", "entitlements:read")
    ),
    "human_resources": DemoClient("human_resources", "system", _RECORDS),
    "science_technology": DemoClient("science_technology", "system", (*_ROSTERS, *_REGISTERS)),
    "development_zone": DemoClient("development_zone", "system", _RECORDS),
    "nuc_institute": DemoClient("nuc_institute", "system", _RECORDS),
    "city_leadership": DemoClient("city_leadership", "system", _ROSTERS),
    "culture": DemoClient("culture_tourism", "system", ("registry:read", "schemes:read", "redemptions:read")),
    "app": DemoClient(
        "youth_league",
        "channel",
        (
            *("people:read", "schemes:read", "entitlements:read", "passes:issue", "activities:read"),
            *("registrations:read", "registrations:write", "tickets:issue", "messages:read", "messages:write"),
        ),
    ),
    "operator": DemoClient("operations", "operator", ("deliveries:operate", "queues:operate")),
    "auditor": DemoClient("audit_office", "auditor", ("audit:read",)),
}  # fmt: skip
#: The devices of the demo, and the list whose first record each is bound to.
DEVICES = {
    "gate": (DemoClient("culture_tourism", "device", ("redemptions:scan",)), "/v1/organisations?kind=scenic_area"),
    "door": (DemoClient("youth_league", "device", ("checkins:scan",)), "/v1/activities?kind_key=job_fair"),
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
    """Write the gateway's address, the demo clients, the listener's broker URI, and the command line's environment, logs and
    folders of programs.

    Clients that the gateway at `url` does not know are registered.
    """
    known = json.loads(path.read_text()).get("clients", {}) if path.exists() else {}
    for name, client in CLIENTS.items():
        if name not in known or not _is_known(url, known[name]):
            known[name] = json.loads(run_step("gateway", *client.arguments(name), environment=environment))
    described = {
        "gateway_url": url,
        "clients": known,
        "listeners": {LISTENER: listener_uri},
        "environment": dict(environment),
        "logs": str(logs),
        "programs": program_folders(),
    }
    write_private(path, described)


def program_folders() -> list[str]:
    """Where the servers' own programs are: psql, pg_dump, rabbitmqctl."""
    found = [find_program(name) for name in ("postgres", "rabbitmq-server")]
    return list(dict.fromkeys(str(path.parent) for path in found if path is not None))


def add_devices(path: Path) -> None:
    """Register the devices of the demo at what `path` describes, once what they are bound to is there."""
    described = json.loads(path.read_text())
    office, known = client_of(described), described["clients"]
    for name, (device, places) in DEVICES.items():
        if name not in known or not _is_known(described["gateway_url"], known[name]):
            (place, *_) = office.get(f"{places}&limit=1")["items"]
            command = device.arguments(name, place["id"])
            known[name] = json.loads(run_step("gateway", *command, environment=described["environment"]))
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
