"""The dependency groups of pyproject.toml: the packages a group names, and all that an installation of it holds.

``python deploy/local/groups.py GROUP [LOCK]`` prints the lines of a lock file that a group needs, for pip's ``--require-hashes``.
Standard library only until packages are installed: ``bootstrap`` and the images read groups before anything else is there.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
#: A package of a lock file: its version, its hashes, and at the end which packages require it.
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==\S+(?: \\\n +--hash=sha256:[0-9a-f]{64})+\n +# via (.+)\n", re.MULTILINE)


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


def pinned(group: str, lock: Path = LOCK) -> dict[str, str]:
    """The entries of a lock file that a group needs, by package: each a version and the hashes of its files."""
    entries = {normal(found[1]): found for found in ENTRY.finditer(lock.read_text(encoding="utf-8"))}
    required_by = {name: {normal(one) for one in found[2].split(", ")} for name, found in entries.items()}
    wanted = {normal(name) for name in names(group)}
    while further := {name for name, those in required_by.items() if those & wanted} - wanted:
        wanted |= further
    if missing := sorted(wanted - entries.keys()):
        sys.exit(f"{lock.name} lacks {', '.join(missing)}: type `make lock`.")
    return {name: entries[name][0] for name in sorted(wanted)}


def normal(name: str) -> str:
    """The name of a package as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


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


if __name__ == "__main__":
    sys.stdout.writelines(pinned(sys.argv[1], *map(Path, sys.argv[2:])).values())
