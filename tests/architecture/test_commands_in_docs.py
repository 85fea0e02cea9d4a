"""Every command in the documents is run by a test, or says why not; guides in both languages give the same ones.

A fence is named by what it holds: ``sh`` with a name is run by the test module that names the document and the block (as
strings; ``tests/documents/blocks.py`` runs them), ``sh`` without one stands below ``<!-- not run here: why -->``. Diagrams and
samples are ``text``, ``json`` and so on: no command hides in a fence that says nothing.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.architecture import source
from tests.documents.blocks import Block, blocks
from tests.support.checkouts import SHELL, bare_environment

DOCUMENTS = [path for path in source.files(".md") if path.parts[0] != "tests"]
SHELLS = ("sh", "bash", "shell", "console")
NOT_RUN = re.compile(r"<!-- not run here: \S.{10,} -->")
CHINESE = ".zh-CN.md"


def shell_blocks(path: Path) -> list[Block]:
    return [block for block in blocks(source.ROOT / path) if block.language in SHELLS]


def original(path: Path) -> Path:
    """The document a Chinese one translates; the document itself where it is no translation."""
    english = Path(str(path).replace(CHINESE, ".md"))
    return english if (source.ROOT / english).exists() else path


def commands(path: Path) -> list[tuple[str, str]]:
    """Names and lines of the commands of a document, comments aside."""
    return [
        (block.name, "\n".join(re.sub(r"\s+# .*", "", line) for line in block.text.splitlines() if line[:2] != "# "))
        for block in shell_blocks(path)
    ]


def words(path: Path) -> set[str]:
    """The strings of a module, those of f-strings and docstrings aside."""
    documented = {
        id(node.body[0].value)
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return {
        node.value
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
    }


class TestCommandsInDocuments:
    def test_are_run_by_a_test_or_say_why_not(self) -> None:
        tests = [words(path) for path in source.modules("tests") if path.name.startswith("test_")]
        idle = []
        for path in {original(path) for path in DOCUMENTS}:
            lines = source.text(path).splitlines()
            for block in shell_blocks(path):
                above = next((line for line in reversed(lines[: block.line - 1]) if line.strip()), "")
                is_run = block.name and any({str(path), block.name} <= strings for strings in tests)
                is_run = is_run or block.name == SHELL  # typed before every other block of its page
                if not is_run and not NOT_RUN.fullmatch(above.strip()):
                    idle.append(f"{path}:{block.line} {block.name}")
        assert sorted(idle) == []

    def test_hide_in_no_fence_that_does_not_say_what_it_holds(self) -> None:
        silent = [
            f"{path}:{block.line}" for path in DOCUMENTS for block in blocks(source.ROOT / path) if not block.language
        ]
        assert silent == []

    def test_are_typed_without_a_path_or_a_setting_of_ours(self) -> None:
        """What runs them gives the shell PATH and HOME alone; ``python`` is there by a page's own first lines."""
        assert bare_environment().keys() == {"PATH", "HOME", "LANG"}
        silent = []
        for path in {original(path) for path in DOCUMENTS}:
            named = [block for block in shell_blocks(path) if block.name]
            is_ready = any("venv/bin/activate" in block.text for block in named)
            calls = [block for block in named if re.search(r"(?<![\w/-])python -", block.text)]
            silent += [f"{path}:{block.line}" for block in calls if not is_ready]
        assert sorted(silent) == []

    def test_are_the_same_in_both_languages(self) -> None:
        chinese = [path for path in DOCUMENTS if str(path).endswith(CHINESE)]
        assert Path("README.zh-CN.md") in chinese
        assert [str(path) for path in chinese if commands(path) != commands(original(path))] == []

    def test_stand_in_fences_that_are_closed(self) -> None:
        """A fence that is not closed would hide the commands after it."""
        odd = [str(path) for path in DOCUMENTS if source.text(path).count("\n```") % 2]
        assert odd == []
