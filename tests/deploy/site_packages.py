"""A virtual environment that holds one dependency group and nothing else, as an image does; no download, no installation.

What is installed here at the versions of requirements.lock is linked into it, file by file: the group and all it requires.
"""

from __future__ import annotations

import tomllib
import venv
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from tests.architecture import source


def make(folder: Path, group: str) -> Path:
    """Make the environment in `folder`; returns its Python."""
    venv.EnvBuilder(symlinks=True).create(folder)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in closure(group):
        _link(metadata.distribution(name), site)
    return folder / "bin" / "python"


def closure(group: str) -> set[str]:
    """The names of all distributions a group installs, on this machine and this Python."""
    groups = tomllib.loads((source.ROOT / "pyproject.toml").read_text())["dependency-groups"]
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = _direct(groups, group)
    while waiting:
        one = waiting.pop()
        key = (one.name.lower().replace("_", "-"), frozenset(one.extras))
        if key in found:
            continue
        found.add(key)
        for line in metadata.requires(one.name) or []:
            further = Requirement(line)
            if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)):
                waiting.append(further)
    return {name for name, _ in found}


def _direct(groups: dict[str, Any], group: str) -> list[Requirement]:
    found: list[Requirement] = []
    for one in groups[group]:
        found += _direct(groups, one["include-group"]) if isinstance(one, dict) else [Requirement(one)]
    return found


def _link(distribution: metadata.Distribution, site: Path) -> None:
    for file in distribution.files or []:
        origin = Path(str(distribution.locate_file(file)))
        if ".." in file.parts or file.suffix == ".pyc" or not origin.exists():
            continue
        target = site.joinpath(*file.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(origin)
