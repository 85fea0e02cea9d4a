"""What the chassis takes hold of inside its libraries is listed, is there, and is of the version it was read in."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from importlib import metadata

import pytest

from chassis.ground.private_parts import PARTS, Part
from tests.architecture import source

#: Private by their spelling alone: Python and SQLAlchemy document them.
OFFERED = {"_exit", "_replace", "_asdict", "_mapping"}


def defined() -> set[str]:
    """Every private name the chassis gives something itself."""
    found = set()
    for path in source.modules("chassis"):
        for node in ast.walk(source.tree(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_own(node):
                found.add(node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
    return found


def used() -> set[str]:
    """Every private name the chassis reads or replaces on an object."""
    return {
        node.attr
        for path in source.modules("chassis")
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")
    }


def _is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


class TestPrivateParts:
    @pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part.owner} {part.names[0]}")
    def test_are_those_of_the_installed_version(self, part: Part) -> None:
        assert metadata.version(part.distribution) == part.version, "read the parts again, then change the version here"
        locked = (source.ROOT / "requirements.lock").read_text()
        assert re.search(rf"^{part.distribution}=={re.escape(part.version)}\b", locked, re.MULTILINE)

    @pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part.owner} {part.names[0]}")
    def test_are_there(self, part: Part) -> None:
        module, _, name = part.owner.partition(":")
        owner = getattr(importlib.import_module(module), name)
        code = inspect.getsource(owner)
        missing = [one for one in part.names if not hasattr(owner, one) and not re.search(rf"self\.{one}\b.* = ", code)]
        assert missing == []

    def test_are_all_listed(self) -> None:
        listed = {name for part in PARTS for name in part.names}
        assert used() - defined() - OFFERED - listed == set()

    def test_are_all_used(self) -> None:
        names = used() | defined()
        assert [name for part in PARTS for name in part.names if name not in names] == []
