"""Every case of docs/cases.md names a test there is."""

from __future__ import annotations

import ast
import re

from tests.architecture import source

ROW = re.compile(r"^\| .* \| .* \| (.*) \|$", re.MULTILINE)
TEST = re.compile(r"`(test_\w+\.py)` (\w+)")


def test_each_case_names_the_test_that_holds_it() -> None:
    cells = [cell for cell in ROW.findall((source.ROOT / "docs/cases.md").read_text()) if cell != "test"]
    named = [TEST.fullmatch(cell) for cell in cells]
    assert len(named) > 30
    assert None not in named, "a case without a test"
    assert {found.groups() for found in named if found} - _tests() == set()


def _tests() -> set[tuple[str, str]]:
    return {
        (path.name, node.name.removeprefix("test_"))
        for path in (source.ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
