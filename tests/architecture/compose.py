"""``deploy/compose.yml`` as the tests read it: its services with every ``${…}`` filled in from ``deploy/.env.example``."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml

from tests.architecture import source

FILE = source.ROOT / "deploy/compose.yml"
_PLACE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
SERVERS = ("postgres", "rabbitmq")
Service = dict[str, Any]


@cache
def settings() -> dict[str, str]:
    """What ``deploy/.env.example`` sets."""
    lines = (source.ROOT / "deploy/.env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@cache
def document() -> dict[str, Any]:
    """The whole file, filled in."""

    def fill(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        assert kind, f"{name} has neither a default nor a complaint"
        return settings().get(name) or (rest if kind == "-" else "")

    return dict(yaml.safe_load(_PLACE.sub(fill, FILE.read_text(encoding="utf-8"))))


def placeholders() -> set[str]:
    """The names of every ``${…}``."""
    return {found[1] for found in _PLACE.finditer(FILE.read_text(encoding="utf-8"))}


def ours() -> dict[str, Service]:
    """The services that run our images."""
    return {name: one for name, one in document()["services"].items() if name not in SERVERS}


def jobs() -> dict[str, Service]:
    """Those of ours that run to their end."""
    return {name: one for name, one in ours().items() if one.get("restart") == "no"}


def processes() -> dict[str, Service]:
    """Those of ours that stay."""
    return {name: one for name, one in ours().items() if name not in jobs()}


def deployable(service: Service) -> str:
    """Which image it runs."""
    found = re.fullmatch(r"youthcity/(\w+):\S+", service["image"])
    assert found, service["image"]
    return found[1]


def granted(service: Service) -> dict[str, str]:
    """The name of each secret's file on the machine → its name in ``/run/secrets``."""
    files = document()["secrets"]
    found = {}
    for one in service["secrets"]:
        name, target = (one["source"], one["target"]) if isinstance(one, dict) else (one, one)
        found[str(files[name]["file"]).removeprefix("secrets/")] = target
    return found
