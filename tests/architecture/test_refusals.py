"""Every no has a code of its own and says why in both languages."""

from __future__ import annotations

import ast
import re
import string
from dataclasses import dataclass
from pathlib import Path

from contracts.language.refusals import KINDS
from gateway.http.problems import STATUS_OF_KIND, TITLES
from tests.architecture import source

CODE = re.compile(r"[a-z][a-z_]+(\.[a-z][a-z_]+)?")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Declared:
    """One refusal class, with what its body assigns."""

    path: Path
    name: str
    bases: tuple[str, ...]
    values: dict[str, object]


def declared() -> dict[str, Declared]:
    """Every class that descends from Refusal or Problem, by name, read from the code."""
    found = {}
    for path in source.modules("contracts", "chassis", "services", "gateway"):
        for node in ast.walk(source.tree(path)):
            if isinstance(node, ast.ClassDef):
                bases = tuple(base.id for base in node.bases if isinstance(base, ast.Name))
                found[f"{path}:{node.name}"] = Declared(path, node.name, bases, _values(node))
    known = {"Refusal", "Problem"}
    while True:
        more = {one.name for one in found.values() if set(one.bases) & known} - known
        if not more:
            break
        known |= more
    return {key: one for key, one in found.items() if set(one.bases) & known and not one.name.startswith("_")}


def coded() -> dict[str, Declared]:
    """Those that are raised: they name a code."""
    return {key: one for key, one in declared().items() if "code" in one.values}


class TestRefusals:
    def test_there_are_many_and_each_has_a_code_of_its_own(self) -> None:
        """A problem of the gateway may bear the code of the refusal it stands for."""
        for in_gateway in (True, False):
            chosen = [one for one in coded().values() if (one.path.parts[0] == "gateway") == in_gateway]
            codes = [str(one.values["code"]) for one in chosen]
            assert len(codes) > 10
            assert sorted(codes) == sorted(set(codes))
            assert [code for code in codes if not CODE.fullmatch(code)] == []

    def test_the_code_says_whose_it_is(self) -> None:
        for key, one in coded().items():
            if one.path.parts[0] == "services":
                assert str(one.values["code"]).startswith(f"{one.path.parts[1]}."), key
            elif one.path.parts[0] == "chassis":
                assert str(one.values["code"]).startswith("chassis."), key

    def test_each_speaks_chinese_and_english_and_fills_in_the_same_things(self) -> None:
        for key, one in coded().items():
            zh, en = str(one.values.get("zh", "")), str(one.values.get("en", ""))
            assert CHINESE.search(zh), f"{key} has no Chinese"
            assert en and not CHINESE.search(en), f"{key} has no English"
            assert _blanks(zh) == _blanks(en), key
            assert "{state}" not in zh, f"{key}: a state has a Chinese name, `state_zh`"

    def test_each_is_of_a_kind_that_has_a_status(self) -> None:
        assert set(KINDS) == set(STATUS_OF_KIND)
        assert set(STATUS_OF_KIND.values()) <= set(TITLES)
        for key, one in coded().items():
            if "kind" in one.values:
                assert one.values["kind"] in KINDS, key

    def test_each_says_what_is_wrong_in_its_docstring_or_its_text(self) -> None:
        assert [key for key, one in declared().items() if not one.values] == []


def _values(node: ast.ClassDef) -> dict[str, object]:
    found: dict[str, object] = {}
    for one in node.body:
        targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
        value = getattr(one, "value", None)
        if targets and isinstance(targets[0], ast.Name) and isinstance(value, ast.Constant):
            found[targets[0].id] = value.value
    return found


def _blanks(template: str) -> set[str]:
    """What a text leaves open; a part that is itself in two languages ends in its language."""
    return {re.sub("_(zh|en)$", "", name) for _, name, _, _ in string.Formatter().parse(template) if name is not None}
