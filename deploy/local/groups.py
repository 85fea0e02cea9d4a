"""The dependency groups of pyproject.toml: the packages a group names, and all that an installation of it holds.

Standard library only until packages are installed: ``bootstrap`` reads groups before anything else is there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def names(group: str) -> list[str]:
    """The requirements a group names, those of the groups it includes too."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    return sorted(set(_names(groups, group)))


def _names(groups: dict[str, Any], group: str) -> Iterator[str]:
    for entry in groups[group]:
        if isinstance(entry, dict):
            yield from _names(groups, entry["include-group"])
        else:
            yield entry


def closure(group: str) -> set[str]:
    """The names of all distributions that installing a group brings to this machine and this Python; they must be installed."""
    from packaging.requirements import Requirement  # not there yet when ``bootstrap`` runs

    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(name) for name in names(group)]
    while waiting:
        requirement = waiting.pop()
        key = (requirement.name.lower().replace("_", "-"), frozenset(requirement.extras))
        if key in found:
            continue
        found.add(key)
        extras = ("", *requirement.extras)
        for line in metadata.requires(requirement.name) or []:
            further = Requirement(line)
            if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(further)
    return {name for name, _ in found}
