"""Each deployable can be installed with its own dependency group alone, and everything in the lock file has a reason."""

from __future__ import annotations

import re
import sys
import tomllib
from functools import cache
from importlib import metadata
from typing import Any

import grimp
import pytest

from tests.architecture import source

PACKAGES = ("contracts", "chassis", "services", "gateway", "cli")
#: Deployable → the modules its process starts from.
DEPLOYABLES = {
    **{name: (f"services.{name}.__main__", f"services.{name}.service") for name in source.services()},
    "gateway": ("gateway.__main__", "gateway.serving.wsgi", "gateway.serving.gunicorn_conf"),
    "cli": ("cli.__main__",),
    "contracts": ("contracts.catalogue", "contracts.talent", "contracts.perks"),
}


@cache
def groups() -> dict[str, list[Any]]:
    return dict(tomllib.loads((source.ROOT / "pyproject.toml").read_text())["dependency-groups"])


def group(name: str) -> set[str]:
    """The distributions of a group, included groups too."""
    found: set[str] = set()
    for one in groups()[name]:
        found |= group(one["include-group"]) if isinstance(one, dict) else {_normal(one)}
    return found


def locked() -> set[str]:
    lines = (source.ROOT / "requirements.lock").read_text().split()
    return {_normal(line.partition("==")[0]) for line in lines}


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


def reached(deployable: str) -> set[str]:
    """The distributions a deployable's code imports, from its start on."""
    modules: set[str] = set()
    for start in DEPLOYABLES[deployable]:
        if start in graph().modules:
            modules |= {start} | graph().find_upstream_modules(start)
    roots = {module.partition(".")[0] for module in modules}
    owners = metadata.packages_distributions()
    foreign = roots - set(PACKAGES) - set(sys.stdlib_module_names) - {"__future__"}
    return {_normal(owners[root][0]) for root in foreign if root in owners}


class TestDependencyGroups:
    @pytest.mark.parametrize("deployable", DEPLOYABLES)
    def test_a_deployable_imports_nothing_outside_its_group(self, deployable: str) -> None:
        assert reached(deployable), "the import graph does not know where it starts"
        assert reached(deployable) <= _closure(group(deployable))

    def test_every_service_has_a_group_of_its_own(self) -> None:
        assert {*source.services(), "gateway", "dev"} <= groups().keys()

    def test_nothing_is_imported_that_is_not_locked(self) -> None:
        """By tests, tools and examples too: what happens to lie in one venv may be missing in the next."""
        owners = metadata.packages_distributions()
        unlocked = {
            f"{path}: {name}"
            for path in source.modules()
            for name in {one.partition(".")[0] for one in source.imported(path)} - set(sys.stdlib_module_names)
            if name not in source.ROOMS and not {_normal(one) for one in owners.get(name, [])} & locked()
        }
        assert unlocked == set()

    def test_everything_a_group_names_is_locked(self) -> None:
        assert {name: missing for name in groups() if (missing := group(name) - locked())} == {}

    def test_everything_locked_is_needed(self) -> None:
        named = set().union(*(group(name) for name in groups()))
        assert locked() - _closure(named) == set()


def _closure(distributions: set[str]) -> set[str]:
    """With everything they require, as far as it is installed."""
    found: set[str] = set()
    waiting = set(distributions)
    while waiting:
        name = waiting.pop()
        found.add(name)
        try:
            required = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        waiting |= {_normal(re.split(r"[ ;<>=!~\[(]", one)[0]) for one in required} - found
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
