"""Every name in a docstring exists: names of modules, classes and functions in double backticks, parameters in single ones."""

from __future__ import annotations

import ast
import itertools
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture import source

_QUOTED = re.compile(r"``([^`]+)``|(?<!`)`([^`]+)`(?!`)")
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(?=$|\()")
_PYTHON = set(dir(__builtins__) if not isinstance(__builtins__, dict) else __builtins__) | set(sys.stdlib_module_names)
#: Names of other software: class or module → whose.
FOREIGN = {"QueueConsumer": "nameko", "queue_declare": "py-amqp"}


def docstrings(path: Path) -> Iterator[ast.Constant]:
    for node in ast.walk(source.tree(path)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            statement = node.body[0]
            assert isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            yield statement.value


def checked() -> list[Path]:
    """Every module but this one, whose own strings name what does not exist."""
    return [path for path in source.modules() if path.name != Path(__file__).name]


@cache
def words() -> frozenset[str]:
    """Every identifier, folder, and word of a string that is no docstring."""
    found: set[str] = set(_PYTHON) | set(FOREIGN)
    for path in checked():
        found.update(path.with_suffix("").parts)
        prose = {id(one) for one in docstrings(path)}
        for node in ast.walk(source.tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(re.findall(r"\w+", node.value) if id(node) not in prose else ())
            elif isinstance(node, ast.alias):
                found.update(node.name.split("."), [node.asname or ""])
            else:
                found.update(str(getattr(node, field, "")) for field in ("id", "attr", "arg", "name"))
    return frozenset(found)


@cache
def qualified() -> frozenset[str]:
    """Module and name, class and name, package and module, joined by a dot: all that the repository defines or uses so."""
    found: set[str] = set()
    for path in checked():
        parts = [part for part in path.with_suffix("").parts if part != "__init__"]
        found.update(f"{left}.{right}" for left, right in itertools.pairwise(parts))
        for node in ast.walk(source.tree(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
                found.add(f"{getattr(node.value, 'id', None) or getattr(node.value, 'attr', None)}.{node.attr}")
            elif isinstance(node, ast.ClassDef):
                found.update(f"{node.name}.{name}" for name in _defined(node))
        found.update(f"{parts[-1]}.{name}" for name in _defined(source.tree(path)))
    return frozenset(found)


def _defined(scope: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in scope.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        yield from (target.id for target in targets if isinstance(target, ast.Name))
    for node in ast.walk(scope) if isinstance(scope, ast.ClassDef) else ():
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


@cache
def texts() -> str:
    """All strings that are no docstrings; event types and codes of refusals are among them."""
    found = []
    for path in checked():
        prose = {id(one) for one in docstrings(path)}
        strings = (node for node in ast.walk(source.tree(path)) if isinstance(node, ast.Constant))
        found += [node.value for node in strings if isinstance(node.value, str) and id(node) not in prose]
    return "\n".join(found)


def unknown_names(docstring: str) -> Iterator[str]:
    for double, single in _QUOTED.findall(docstring):
        name = _NAME.match(double or single)
        if name is not None and not _exists(name.group()):
            yield name.group()


def _exists(name: str) -> bool:
    parts = name.split(".")
    if parts[0] in _PYTHON or not all(part in words() for part in parts):
        return parts[0] in _PYTHON
    pairs = (f"{left}.{right}" for left, right in itertools.pairwise(parts))
    return name in texts() or all(pair in qualified() for pair in pairs)


@pytest.mark.parametrize("room", source.ROOMS)
def test_every_name_in_a_docstring_exists(room: str) -> None:
    wrong = [
        f"{path}:{docstring.lineno}: {name}"
        for path in source.modules(room)
        for docstring in docstrings(path)
        for name in unknown_names(docstring.value)
    ]
    assert wrong == [], f"names that no longer exist: {wrong}"


def test_a_stale_name_is_found() -> None:
    assert list(unknown_names("See ``rules.no_such_thing``, `nothing_of_the_sort` and ``chassis.rpc.client``.")) == [
        "rules.no_such_thing",
        "nothing_of_the_sort",
    ]
