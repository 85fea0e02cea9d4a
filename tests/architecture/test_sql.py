"""SQL is written in one style: triple-quoted and in lower case."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture import source

_STATEMENT = re.compile(
    r"\s*(select|insert|update|delete|with|set|create|drop|alter|truncate|lock|copy)\s", re.IGNORECASE
)
_UPPER = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|JOIN|VALUES|RETURNING|ORDER BY|GROUP BY|ON CONFLICT)\b")


def statements(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the source of every literal given to ``text`` that begins as a statement does."""
    for node in ast.walk(source.tree(path)):
        if not (isinstance(node, ast.Call) and source.called(node) == "text" and node.args):
            continue
        written = ast.get_source_segment(source.text(path), node.args[0]) or ""
        if _STATEMENT.match(written.lstrip("f").lstrip('"')):
            yield node.lineno, written


@pytest.mark.parametrize("room", ["services", "chassis", "gateway", "cli", "doctor", "deploy", "bench"])
def test_sql_is_triple_quoted_and_lower_case(room: str) -> None:
    written = [(path, line, sql) for path in source.modules(room) for line, sql in statements(path)]
    wrong = [f"{path}:{line}" for path, line, sql in written if '"""' not in sql[:4] or _UPPER.search(sql)]
    assert wrong == []
