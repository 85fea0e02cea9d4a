"""Every refusal there is, read from the code: the classes, and the reasons of refused scans; and the catalogue made of them.

``python -m tests.architecture.refusals`` writes ``gateway/description/refusals.json``, from which the gateway, which
imports no service, makes its page for each code; ``test_refusals`` holds it fresh.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from contracts.imports import KINDS as IMPORTS
from gateway.http.problems import STATUS_OF_KIND
from tests.architecture import source

CATALOGUE = Path("gateway/description/refusals.json")
OURS = ("contracts", "chassis", "services", "gateway")


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
    for path in source.modules(*OURS):
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


def scan_reasons() -> Iterator[tuple[str, str, str]]:
    """Code, Chinese and English of whatever a scan is refused for: it is on record, so no class is raised."""
    for path in source.modules("services"):
        for node in ast.walk(source.tree(path)):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    texts = _texts(value)
                    if isinstance(key, ast.Constant) and "." in str(key.value) and texts.keys() == {"zh-CN", "en"}:
                        yield str(key.value), texts["zh-CN"], texts["en"]


def catalogue() -> dict[str, dict[str, object]]:
    """Code → ``{"statuses", "zh", "en"}``, by code. A problem of the gateway goes before the refusal it stands for."""
    found: dict[str, dict[str, object]] = {}
    conflicts = {text for path in source.modules("gateway/routes") for text in _named(source.tree(path), "conflict")}
    for code, zh, en in scan_reasons():
        found[code] = {"statuses": [409 if code in conflicts else 403], "zh": zh, "en": en}
    for one in sorted(coded().values(), key=lambda one: (one.path.parts[0] == "gateway", str(one.path))):
        values = one.values
        status = values.get("status") or STATUS_OF_KIND[str(values.get("kind", "invalid"))]
        for code in _codes(one):
            also = [] if code not in found or one.path.parts[0] == "gateway" else found[code]["statuses"]
            statuses = sorted({status, *also})  # type: ignore[misc]
            found[code] = {"statuses": statuses, "zh": values["zh"], "en": values["en"]}
    return dict(sorted(found.items()))


def catalogue_text() -> str:
    return json.dumps(catalogue(), ensure_ascii=False, indent=1) + "\n"


def _codes(one: Declared) -> list[str]:
    """The code; of an import's refusal that of each service with imports."""
    code = str(one.values["code"])
    if one.path.parts[:2] != ("chassis", "imports"):
        return [code]
    return [f"{service}.{code.partition('.')[2]}" for service in sorted(set(IMPORTS.values()))]


def _texts(node: ast.expr) -> dict[str, str]:
    if not isinstance(node, ast.Dict) or not all(isinstance(one, ast.Constant) for one in (*node.keys, *node.values)):
        return {}
    keys, texts = (one.value for one in node.keys), (one.value for one in node.values)  # type: ignore[union-attr]
    return {str(key): str(text) for key, text in zip(keys, texts, strict=True)}


def _named(tree: ast.AST, keyword: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == keyword and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


def _values(node: ast.ClassDef) -> dict[str, object]:
    found: dict[str, object] = {}
    for one in node.body:
        targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
        value = getattr(one, "value", None)
        if targets and isinstance(targets[0], ast.Name) and isinstance(value, ast.Constant):
            found[targets[0].id] = value.value
    return found


if __name__ == "__main__":
    (source.ROOT / CATALOGUE).write_text(catalogue_text(), encoding="utf-8")
