"""Every service has the same rooms, and in each room lives what belongs there and nothing else."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from pathlib import Path

import pytest

from contracts.language.schema import Listing
from tests.architecture import source

#: A request with more fields than this may be taken as ``**fields``.
MANY_FIELDS = 7
#: Where a rule may use more than the standard library: the language eligibility is written in.
CEL = {"services/perks/entitlements/rules.py": {"cel", "common_expression_language"}}
#: Contracts that are values alone, written with the standard library.
PURE_CONTRACTS = ("contracts.scans.", "contracts.language.violations.", "contracts.vocabulary.")
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
            "subjects.py",
            "tables.py",
            "settings.py",
            "migrations/versions",
        ]
        assert [room for room in rooms if not (folder / room).exists()] == []
        assert any((source.ROOT / "tests" / service).rglob("test_*.py"))

    def test_its_contents_page_has_no_body(self, service: str) -> None:
        path = Path("services") / service / "service.py"
        assert source.entrypoints(service), "no RPC, no event handler, no timer"
        assert [function.name for function in source.functions(path)] == []

    def test_an_rpc_has_the_name_of_its_use_case_and_takes_its_fields(self, service: str) -> None:
        """Stored idempotency keys are bound to that name; what is no field of the request is named as given."""
        module = importlib.import_module(f"services.{service}.service")
        wrong = []
        for name, call in source.entrypoints(service).items():
            if source.called(call) not in ("command", "query", "disclosure"):
                continue
            declared = getattr(module.Service, name).declared
            parameters = inspect.signature(declared.use_case).parameters
            given = {declared.given} if isinstance(declared.given, str) else set(declared.given)
            fields = {field.attribute or key for key, field in declared.request().load_fields.items()}
            if issubclass(declared.request, Listing):  # what all lists have in common is one parameter
                fields = fields - Listing._declared_fields.keys() | {"page"}
            named = {one.name for one in parameters.values() if one.kind is one.KEYWORD_ONLY}
            takes_more = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
            if declared.use_case.__name__ != name:
                wrong.append(f"{name}: the use case is called {declared.use_case.__name__}")
            if not named <= fields | given or not given <= named:
                wrong.append(f"{name}: takes {sorted(named)}, is sent {sorted(fields)} and given {sorted(given)}")
            if named != fields | given and not (takes_more and len(fields) > MANY_FIELDS):
                wrong.append(f"{name}: does not name {sorted(fields | given - named)}")
        assert wrong == []

    def test_nothing_behind_it_reaches_back_to_its_contents_page(self, service: str) -> None:
        door = f"services.{service}.service"
        behind = [path for path in source.modules(f"services/{service}") if path.name != "__main__.py"]
        assert [
            str(path) for path in behind if any(f"{name}.".startswith(f"{door}.") for name in source.imported(path))
        ] == []

    def test_its_tables_know_no_subject_and_are_joined(self, service: str) -> None:
        joined = set(importlib.import_module(f"services.{service}.tables").metadata.tables)
        for path in source.modules(f"services/{service}"):
            if path.name == "tables.py" and len(path.parts) > 3:
                own = {name for name in source.imported(path) if name.startswith(f"services.{service}.")}
                assert {name.split(".")[2] for name in own} <= {"registry", "rules"}, path
                assert set(source.tables(path).values()) <= joined, (
                    f"{path} is no subject of services/{service}/subjects.py"
                )

    def test_its_rules_use_the_standard_library_alone(self, service: str) -> None:
        for path in rules_of(service):
            roots = {name.partition(".")[0] for name in source.imported(path)}
            own = {name for name in source.imported(path) if re.match(rf"services\.{service}\.(\w+\.)?rules\b", name)}
            shared = {name for name in source.imported(path) if name.startswith(PURE_CONTRACTS)}
            foreign = (
                roots
                - set(sys.stdlib_module_names)
                - CEL.get(str(path), set())
                - ({"services"} if own else set())
                - ({"contracts"} if shared else set())
            )
            assert foreign == set(), f"{path} imports {foreign}"
            of_ours = {name for name in source.imported(path) if name.startswith(("services.", "contracts."))}
            assert of_ours == own | shared, path

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


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_tests_share_helpers_in_support_and_not_by_the_conftest_of_another_room() -> None:
    shared = {str(path): found for path in source.modules("tests") if (found := rooms_of_other_tests(path))}
    assert shared == {}
