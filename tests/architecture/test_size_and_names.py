"""Nothing grows out of sight: sizes of modules, functions and signatures, and names that say nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture import source

MODULE_LINES, TEST_MODULE_LINES, FUNCTION_LINES, PARAMETERS = 320, 400, 40, 7
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core", "manager", "managers", "shared"}


class TestSizes:
    def test_no_module_is_longer_than_a_sitting(self) -> None:
        lengths = {path: len(source.text(path).splitlines()) for path in source.modules()}
        limits = {path: TEST_MODULE_LINES if path.parts[0] == "tests" else MODULE_LINES for path in lengths}
        assert [f"{path}: {lines}" for path, lines in lengths.items() if lines > limits[path]] == []

    def test_no_function_is_longer_than_a_screen(self) -> None:
        too_long = [
            f"{path}:{function.lineno} {function.name}: {lines}"
            for path in source.modules()
            for function in source.functions(path)
            if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
        ]
        assert too_long == []

    def test_no_signature_has_more_than_seven_parameters(self) -> None:
        too_wide = [
            f"{path}:{function.lineno} {function.name}: {count}"
            for path in source.modules()
            for function in source.functions(path)
            if (count := _parameters(function)) > PARAMETERS
        ]
        assert too_wide == []


class TestNames:
    def test_no_module_or_folder_has_a_name_that_says_nothing(self) -> None:
        parts = {part.removesuffix(".py").strip("_") for path in source.modules() for part in path.parts}
        assert parts & EMPTY_NAMES == set()

    def test_every_module_says_what_lives_there(self) -> None:
        silent = [
            str(path)
            for path in source.modules()
            if source.text(path).strip() and ast.get_docstring(source.tree(path)) is None
        ]
        assert silent == []

    def test_every_test_is_a_sentence(self) -> None:
        tests = [
            (path, function.name)
            for path in source.modules("tests")
            for function in source.functions(path)
            if function.name.startswith("test_")
        ]
        assert [f"{path}: {name}" for path, name in tests if name.count("_") < 2] == []

    def test_no_test_sleeps_but_to_ask_again(self) -> None:
        """A test waits for a condition with a deadline: the only sleep is the one between two questions of a loop."""
        sleeping = [
            f"{path}:{node.lineno}"
            for path in source.modules("tests")
            if path.name.startswith("test_")
            for node in _outside_loops(source.tree(path))
            if isinstance(node, ast.Attribute) and node.attr == "sleep"
        ]
        assert sleeping == []


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The positional ones, or those by name, whichever are more."""
    arguments = function.args
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args) if one.arg not in ("self", "cls")]
    return max(len(positional), len(arguments.kwonlyargs))


def _outside_loops(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.While):
            yield child
            yield from _outside_loops(child)
