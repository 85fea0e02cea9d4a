"""The recipes of docs/developing.md, followed: a copy of the repository with all of them passes its checks and their tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import source
from tests.documents import blocks
from tests.support.checkouts import bare_environment

DOCUMENT, NAME = "docs/developing.md", "recipe"
#: Recipe → the tests it brings along.
RECIPES = {
    "event": "tests/perks/redemptions/test_refused_scans.py",
    "subject": "tests/talent/venues/test_venues.py",
    "import-kind": "tests/talent/imports/test_organisations.py",
    "figure": "tests/cities/test_lantern_figure.py",
    "channel": "tests/notify/test_sms.py",
}
#: Recipe → how many files of production code it may touch, and how many lines of it add, blank ones not counted.
LIMITS = {"subject": (12, 230), "import-kind": (6, 80)}
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "-q", "."),
    ("mypy",),
    ("pytest", "-q", "-m", "not needs_servers", "tests/architecture"),
)


def run(copy: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=copy, env={**os.environ, "PYTHONPATH": ""}, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}{done.stderr[-2000:]}"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with nothing done to it."""
    folder = tmp_path_factory.mktemp("developing") / "youth-city"
    for path in source.files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source.ROOT / path, folder / path)
    (folder / ".state").mkdir()
    (folder / ".state" / "venv").symlink_to(sys.prefix)
    run(folder, "git", "init", "-q")
    return folder


@pytest.fixture(scope="module")
def followed(copy: Path) -> Path:
    """The copy with every recipe followed by the document's commands; each of them can be followed alone, too."""
    for recipe in RECIPES:
        run(copy, "git", "apply", "--check", f"docs/recipes/{recipe}.patch")
    assert blocks.run(DOCUMENT, NAME, folder=copy, environment=bare_environment()) == []
    return copy


@pytest.mark.parametrize(("recipe", "limits"), LIMITS.items())
def test_a_recipe_stays_small(recipe: str, limits: tuple[int, int]) -> None:
    files: list[str] = []
    lines = 0
    for line in (blocks.ROOT / f"docs/recipes/{recipe}.patch").read_text(encoding="utf-8").splitlines():
        if line.startswith("+++ b/"):
            files.append(line.removeprefix("+++ b/"))
        elif line.startswith("+") and line[1:].strip() and not files[-1].startswith("tests/"):
            lines += 1
    production = [name for name in files if not name.startswith("tests/")]
    assert (len(production) <= limits[0], lines <= limits[1]) == (True, True), (len(production), lines)


def test_every_recipe_is_described_and_followed(followed: Path) -> None:
    written = {path.stem for path in (blocks.ROOT / "docs/recipes").iterdir()}
    assert written == set(RECIPES)
    assert [test for test in RECIPES.values() if not (followed / test).exists()] == []


@pytest.mark.parametrize("check", CHECKS, ids=" ".join)
def test_what_they_make_passes_the_checks_of_all_code(followed: Path, check: tuple[str, ...]) -> None:
    run(followed, sys.executable, "-m", *check)


def test_what_they_make_works_on_real_servers(followed: Path, database_server: str, broker: object) -> None:
    run(followed, sys.executable, "-m", "pytest", "-q", *RECIPES.values())
