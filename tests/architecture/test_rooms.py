"""Every service has the same rooms, and in each room lives what belongs there and nothing else."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.architecture import source

FRONT_DOOR_LINES = 5
#: Where a rule may use more than the standard library: the language eligibility is written in.
CEL = {"services/perks/entitlements/rules.py": {"cel", "common_expression_language"}}
IMPURE_MODULES = {
    "time",
    "os",
    "pathlib",
    "logging",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "urllib",
    "threading",
}
IMPURE_CALLS = {"now", "today", "utcnow", "open", "print", "input"}


def rules_of(service: str) -> list[Path]:
    """The rules of a service's subjects, and those its subjects share."""
    modules = source.modules(f"services/{service}")
    return [path for path in modules if path.name == "rules.py" or "rules" in path.parts[2:-1]]


def rooms_of_other_tests(path: Path) -> list[str]:
    """The conftest modules of other rooms a test module imports."""
    folders = {".".join(("tests", *path.parts[1:depth], "conftest")) for depth in range(1, len(path.parts))}
    return sorted(
        name
        for name in source.imported(path)
        if (module := name.rpartition(".")[0]).endswith(".conftest") and module not in folders
    )


every_service = pytest.mark.parametrize("service", source.services())


@every_service
class TestRooms:
    def test_a_service_has_every_room(self, service: str) -> None:
        folder = source.ROOT / "services" / service
        rooms = [
            "__init__.py",
            "__main__.py",
            "service.py",
            "figures.py",
            "registry.py",
            "tables.py",
            "settings.py",
            "migrations/versions",
        ]
        assert [room for room in rooms if not (folder / room).exists()] == []
        assert any((source.ROOT / "tests" / service).rglob("test_*.py"))

    def test_its_front_door_only_passes_on(self, service: str) -> None:
        path = Path("services") / service / "service.py"
        entrypoints = [one for one in source.functions(path) if one.decorator_list]
        assert entrypoints, "no RPC, no event handler, no timer"
        for entrypoint in entrypoints:
            body = [one for one in entrypoint.body if not _is_docstring(one)]
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
            assert lines <= FRONT_DOOR_LINES, f"{entrypoint.name} is {lines} lines"
            assert not [one for one in ast.walk(entrypoint) if isinstance(one, ast.Try)], f"{entrypoint.name} has try"

    def test_nothing_behind_it_reaches_back_to_its_front_door(self, service: str) -> None:
        door = f"services.{service}.service"
        behind = [path for path in source.modules(f"services/{service}") if path.name != "__main__.py"]
        assert [
            str(path) for path in behind if any(f"{name}.".startswith(f"{door}.") for name in source.imported(path))
        ] == []

    def test_its_tables_know_no_subject(self, service: str) -> None:
        contents = Path("services") / service / "tables.py"
        tables = [path for path in source.modules(f"services/{service}") if path.name == "tables.py"]
        joined = {name.removeprefix(f"services.{service}.") for name in source.imported(contents)}
        for path in tables:
            if path == contents:
                continue
            own = {name for name in source.imported(path) if name.startswith(f"services.{service}.")}
            assert {name.split(".")[2] for name in own} <= {"registry", "rules"}, path
            assert f"{path.parent.name}.tables" in joined, f"{path} is not joined in {contents}"

    def test_its_rules_use_the_standard_library_alone(self, service: str) -> None:
        for path in rules_of(service):
            roots = {name.partition(".")[0] for name in source.imported(path)}
            own = {name for name in source.imported(path) if re.match(rf"services\.{service}\.(\w+\.)?rules\b", name)}
            foreign = (
                roots - set(sys.stdlib_module_names) - CEL.get(str(path), set()) - ({"services"} if own else set())
            )
            assert foreign == set(), f"{path} imports {foreign}"
            assert {name for name in source.imported(path) if name.startswith("services.")} == own, path

    def test_its_rules_read_no_clock_and_touch_nothing_outside(self, service: str) -> None:
        for path in rules_of(service):
            roots = {name.partition(".")[0] for name in source.imported(path)}
            assert roots & IMPURE_MODULES == set(), path
            called = {_name(node.func) for node in ast.walk(source.tree(path)) if isinstance(node, ast.Call)}
            assert called & IMPURE_CALLS == set(), path


class TestEnvironment:
    def test_is_read_in_settings_modules_alone(self) -> None:
        readers = re.compile(r"os\.environ|os\.getenv|\bEnv\(|from environs")
        #: prometheus_client's own variable, which it reads by itself
        allowed = re.compile(r"PROMETHEUS_MULTIPROC_DIR")
        found = [
            f"{path}:{number}"
            for path in source.modules("contracts", "chassis", "services", "gateway")
            if not path.name.endswith("settings.py")
            for number, line in enumerate(source.text(path).splitlines(), 1)
            if readers.search(line) and not allowed.search(line)
        ]
        assert found == []


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_tests_share_helpers_in_support_and_not_by_the_conftest_of_another_room() -> None:
    shared = {str(path): found for path in source.modules("tests") if (found := rooms_of_other_tests(path))}
    assert shared == {}
