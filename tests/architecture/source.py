"""The repository as the architecture tests read it: its files and their syntax trees. Nothing is imported or run."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("contracts", "chassis", "services", "gateway", "cli", "doctor", "deploy", "examples", "bench", "tests")

#: What makes an RPC, a handler or a timer of a line in ``service.py``.
ENTRYPOINTS = {"command", "query", "disclosure", "handler", "every"}


@cache
def files(ending: str = "") -> tuple[Path, ...]:
    """Every file of the repository, new ones too, ignored ones not; paths from its root."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return tuple(Path(name) for name in sorted(set(listed)) if name.endswith(ending) and (ROOT / name).is_file())


def modules(*folders: str) -> list[Path]:
    """The Python files under the named folders; all of them where none is named."""
    return [path for path in files(".py") if not folders or str(path).startswith(tuple(f"{one}/" for one in folders))]


def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(text(path), filename=str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, methods and inner ones too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported(path: Path) -> set[str]:
    """The full names a module imports: ``from a import b`` counts as ``a.b``."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{one.name}" for one in node.names}
    return found


def strings(path: Path) -> set[str]:
    """Every string constant of a module."""
    return {
        node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def services() -> list[str]:
    """The services: the folders that can be started."""
    return sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py"))


def entrypoints(service: str) -> dict[str, ast.Call]:
    """Every RPC, handler and timer of a service by name: the calls its class is made of."""
    (found,) = [node for node in tree(Path("services") / service / "service.py").body if isinstance(node, ast.ClassDef)]
    return {
        node.targets[0].id: node.value
        for node in found.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call)
        if called(node.value) in ENTRYPOINTS
    }


def called(call: ast.Call) -> str:
    """The name of the function a call calls."""
    return str(getattr(call.func, "id", None) or getattr(call.func, "attr", ""))


def tables(path: Path) -> dict[str, str]:
    """Class → table, of a module that declares tables."""
    return {
        node.name: line.value.value
        for node in tree(path).body
        if isinstance(node, ast.ClassDef)
        for line in node.body
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "__tablename__"
        if isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)
    }
