"""Every hazard of docs/hazards.md is tried by the tests it names, on the chassis and on stock nameko."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

from tests.architecture import source

PAGE = source.ROOT / "docs/hazards.md"
ROOM = "tests/resilience/hazards"
ROW = re.compile(r"^\| (\d+) \|(.*)\|$", re.MULTILINE)
TEST = re.compile(r"`(\w+\.py)` (\w+)")
UNTRIED = {30}
"""eventlet and nameko age: nothing a test could show."""


def documented() -> dict[int, set[tuple[str, str]]]:
    """Hazard → (file, end of the test's name) of the table's last column."""
    return {int(number): set(TEST.findall(cells.rpartition("|")[2])) for number, cells in ROW.findall(PAGE.read_text())}


def tried() -> dict[int, set[tuple[str, str]]]:
    """Hazard → (file, name) of the tests that are marked with it."""
    found: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for path in source.modules(ROOM):
        for function in source.functions(path):
            for number in _hazards(function):
                found[number].add((path.name, function.name))
    return found


def _hazards(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[int]:
    return [
        int(ast.literal_eval(mark.args[0]))
        for mark in function.decorator_list
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "hazard"
    ]


class TestHazards:
    def test_are_thirty_and_all_but_one_are_tried(self) -> None:
        assert sorted(documented()) == list(range(1, 31))
        assert set(tried()) == set(range(1, 31)) - UNTRIED

    def test_name_the_tests_that_try_them_and_no_other(self) -> None:
        for number, named in documented().items():
            assert named == {(file, name.removeprefix("test_")) for file, name in tried().get(number, set())}, number

    def test_are_each_tried_on_stock_nameko_too(self) -> None:
        """The marker makes both of it; a test of the room without it would be of one side alone."""
        unmarked = [
            f"{path}: {function.name}"
            for path in source.modules(ROOM)
            for function in source.functions(path)
            if function.name.startswith("test_") and not _hazards(function)
        ]
        assert unmarked == []
