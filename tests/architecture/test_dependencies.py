"""Each deployable can be installed with its own dependency group alone, and everything in the lock file has a reason."""

from __future__ import annotations

import re
import sys
import tomllib
from functools import cache
from importlib import metadata

import grimp
import pytest

from deploy.local import groups
from tests.architecture import source

PACKAGES = ("contracts", "chassis", "services", "gateway", "cli", "doctor", "deploy", "examples")
#: Dependency group → the modules that start where it is installed.
DEPLOYABLES = {
    **{name: (f"services.{name}.__main__", f"services.{name}.service") for name in source.services()},
    "gateway": ("gateway.__main__", "gateway.serving.wsgi", "gateway.serving.gunicorn_conf"),
    "cli": ("cli.__main__",),
    "contracts": ("contracts.catalogue", "contracts.talent", "contracts.perks"),
    "doctor": ("doctor.__main__",),
    "run": ("deploy.local.__main__", "examples.demo", "examples.listening", "deploy.new_secrets", "deploy.rotate_key"),
}
#: The tools of `make audit` and `make sbom` have an environment and a lock file of their own.
OWN_LOCK = {"audit": "requirements-audit.lock"}


@cache
def group_names() -> set[str]:
    return set(tomllib.loads((source.ROOT / "pyproject.toml").read_text())["dependency-groups"])


def group(name: str) -> set[str]:
    """The distributions of a group, included groups too."""
    return {_normal(requirement) for requirement in groups.names(name)}


def closure(name: str) -> set[str]:
    """With everything they require."""
    return {_normal(distribution) for distribution in groups.closure(name)}


def locked(name: str = "requirements.lock") -> set[str]:
    return {_normal(found) for found in re.findall(r"^([\w.-]+)==", (source.ROOT / name).read_text(), re.MULTILINE)}


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
        assert reached(deployable) <= closure(deployable)

    def test_every_service_has_a_group_of_its_own(self) -> None:
        assert {*source.services(), "gateway", "run", "dev"} <= group_names()

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
        locks = {name: locked(OWN_LOCK.get(name, "requirements.lock")) for name in group_names()}
        assert {name: missing for name, lock in locks.items() if (missing := group(name) - lock)} == {}

    def test_everything_a_group_requires_is_locked(self) -> None:
        """Whatever is installed without a pin would be another version on the next machine."""
        assert closure("dev") - locked() == set()

    def test_everything_locked_is_needed(self) -> None:
        """On this Python, or on an older one of the same series."""
        assert locked() - closure("dev") - closure("building") == {"async-timeout"}

    @pytest.mark.parametrize("name", [*DEPLOYABLES, "dev", "building"])
    def test_a_group_is_given_all_it_requires_and_little_else(self, name: str) -> None:
        """The lock file says who requires what, so an image is given its own packages without having them first."""
        given = set(groups.pinned(name))
        assert closure(name) - given == set()
        assert given - closure(name) <= {"async-timeout"}


class TestLockFiles:
    @pytest.mark.parametrize("name", ["requirements.lock", "requirements-audit.lock"])
    def test_every_package_has_a_version_and_the_hashes_of_its_files(self, name: str) -> None:
        """And nothing else stands there: no index, no address, no option."""
        text = (source.ROOT / name).read_text()
        assert groups.ENTRY.sub("", text) == ""
        assert len(groups.ENTRY.findall(text)) == len(locked(name)) > 0

    def test_a_package_without_a_hash_is_not_taken_for_one(self) -> None:
        assert groups.ENTRY.sub("", "amqp==5.4.2\n    # via kombu\n") != ""

    def test_they_are_what_is_installed_from(self) -> None:
        for path in ("deploy/Dockerfile", "deploy/local/bootstrap.py"):
            text = (source.ROOT / path).read_text()
            assert "--require-hashes" in text
            assert "--no-build-isolation" in text
            assert "--constraint" not in text


def _normal(name: str) -> str:
    return groups.normal(name)
