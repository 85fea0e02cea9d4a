"""What the documents name exists: files, modules, functions, make targets, links; and both READMEs say the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.architecture import source

DOCUMENTS = source.files(".md")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*\.(py|md|toml|lock|sql|json|xlsx|yml|yaml)")
NAME = re.compile(rf"({'|'.join(source.ROOMS)})(\.\w+)+")
MAKE = re.compile(r"`make ([a-z-]+)[^`]*`|^\s*make ([a-z-]+)", re.MULTILINE)
ADR_PARTS = ("Status", "Context", "Decision", "Consequences", "Checked by")


def spans(path: Path) -> set[str]:
    """The inline code of a document, fenced blocks aside."""
    return set(CODE.findall(FENCE.sub("", source.text(path))))


class TestDocuments:
    def test_link_only_to_what_is_there(self) -> None:
        broken = [
            f"{path}: {target}"
            for path in DOCUMENTS
            for target in LINK.findall(source.text(path))
            if "://" not in target and not (source.ROOT / path.parent / target).exists()
        ]
        assert broken == []

    def test_name_only_files_that_are_there(self) -> None:
        names = {path.name for path in source.files()}
        broken = [
            f"{path}: {span}"
            for path in DOCUMENTS
            for span in spans(path)
            if PATH.fullmatch(span) and not span.startswith(".state/")
            # a path from the root; a bare file name, of any room; `service.py` of every service is one
            if not ((source.ROOT / span).exists() or ("/" not in span and span in names))
        ]
        assert broken == []

    def test_name_only_modules_and_functions_that_are_there(self) -> None:
        broken = [
            f"{path}: {span}"
            for path in DOCUMENTS
            for span in spans(path)
            if NAME.fullmatch(span) and not PATH.fullmatch(span) and not _is_there(span)
        ]
        assert broken == []

    def test_name_only_tests_that_are_there(self) -> None:
        """As pytest names them: path::Class::test."""
        broken = [
            f"{path}: {span}"
            for path in DOCUMENTS
            for span in spans(path)
            if span.startswith("tests/") and "::" in span and not _is_a_test(span)
        ]
        assert broken == []

    def test_name_only_make_targets_that_are_there(self) -> None:
        targets = set(re.findall(r"^([a-z-]+):", (source.ROOT / "Makefile").read_text(), re.MULTILINE))
        named = {(path, one or other) for path in DOCUMENTS for one, other in MAKE.findall(source.text(path))}
        assert [f"{path}: make {target}" for path, target in named if target not in targets] == []

    def test_a_decision_says_why_and_what_checks_it(self) -> None:
        decisions = [path for path in DOCUMENTS if path.parent == Path("docs/adr")]
        assert decisions
        assert [path.name[:4] for path in decisions] == [f"{number:04d}" for number in range(1, len(decisions) + 1)]
        for path in decisions:
            missing = [part for part in ADR_PARTS if part.lower() not in source.text(path).lower()]
            assert missing == [], f"{path} lacks {missing}"

    def test_both_readmes_give_the_same_commands(self) -> None:
        english, chinese = (source.ROOT / name for name in ("README.md", "README.zh-CN.md"))
        commands = [MAKE.findall(path.read_text(encoding="utf-8")) for path in (english, chinese)]
        assert commands[0] == commands[1]
        assert [one or other for one, other in commands[0]][:2] == ["run", "test"]


def _is_there(name: str) -> bool:
    """Whether `name` is a module or package, or a function, class, method or constant of one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        stem = source.ROOT.joinpath(*parts[:length])
        module = stem.with_suffix(".py") if stem.with_suffix(".py").exists() else stem / "__init__.py"
        if module.exists() or (stem.is_dir() and length == len(parts)):
            return length == len(parts) or parts[length] in _defined(module.relative_to(source.ROOT))
    return False


def _is_a_test(span: str) -> bool:
    name, *parts = span.split("::")
    if not (source.ROOT / name).exists():
        return False
    defined = {
        node.name
        for node in ast.walk(source.tree(Path(name)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    return set(parts) <= defined


def _defined(path: Path) -> set[str]:
    names: set[str] = set()
    for node in source.tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {one.id for one in node.targets if isinstance(one, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names
