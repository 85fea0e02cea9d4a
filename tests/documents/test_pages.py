"""What pages refer to is there: the headings links lead to, and every finding of the doctor for whoever is on call.

Not here: files, modules and commands that pages name (``tests/architecture``).
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.architecture import source

PAGES = source.files(".md")
ANCHOR = re.compile(r"\]\(([^)#\s]*)#([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (`[a-z_]+`(?:[,、] ?`[a-z_]+`)*) \|", re.MULTILINE)
DOCTOR = "doctor"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", source.text(page)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def findings() -> set[str]:
    """The codes of all findings the doctor can have."""
    return {
        str(node.args[0].value)
        for path in source.modules(DOCTOR)
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "Finding"
        and isinstance(node.args[0], ast.Constant)
    }


def test_links_lead_to_headings_that_are_there() -> None:
    links = [(page, *found) for page in PAGES for found in ANCHOR.findall(source.text(page)) if "://" not in found[0]]
    assert len(links) > 10
    targets = [(page, (page.parent / name if name else page), anchor) for page, name, anchor in links]
    assert [f"{page}: #{anchor}" for page, target, anchor in targets if anchor not in anchors(target)] == []


@pytest.mark.parametrize("page", ["docs/on-call.md", "docs/on-call.zh-CN.md"])
def test_every_finding_of_the_doctor_is_explained(page: str) -> None:
    section = source.text(Path(page)).partition("## make doctor")[2].partition("\n## ")[0]
    explained = [code for codes in ROW.findall(section) for code in re.findall(r"`(\w+)`", codes)]
    assert len(findings()) > 10
    assert sorted(explained) == sorted(findings())


def test_what_a_page_has_tested_is_there() -> None:
    """The paths after ``make test T=``."""
    named = [(page, path) for page in PAGES for path in re.findall(r"make test T=([\w./-]+)", source.text(page))]
    assert len(named) > 10
    assert [f"{page}: {path}" for page, path in named if not (source.ROOT / path).exists()] == []


def test_every_benchmark_is_shown_with_its_floor() -> None:
    section = source.text(Path("docs/reliability.md")).partition("| row of `make bench` |")[2].partition("\n\n")[0]
    shown = {
        name: float(floor) for name, floor in re.findall(r"^\| `(\w+)` \|.*\| ([\d.]+) \|$", section, re.MULTILINE)
    }
    assert shown == {
        str(node.args[0].value): float(keyword.value.value)
        for path in source.modules("bench")
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "compare"
        for keyword in node.keywords
        if keyword.arg == "floor" and isinstance(keyword.value, ast.Constant) and isinstance(node.args[0], ast.Constant)
    }


def test_the_picture_shows_every_service_and_the_gateway() -> None:
    picture = ElementTree.fromstring(source.text(Path("docs/pictures/platform.svg")))
    names = {(element.text or "").split()[0] for element in picture.iter() if element.get("class") == "name"}
    assert {*source.services(), "gateway"} <= names
