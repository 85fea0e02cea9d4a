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

DOCUMENT, NAME = "docs/developing.md", "recipe"
#: Recipe → the tests it brings along.
RECIPES = {
    "event": "tests/notify/test_refused_scans.py",
    "subject": "tests/events/test_venues.py",
    "figure": "tests/events/test_sports_figure.py",
    "channel": "tests/notify/test_sms.py",
}
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
    run(folder, "git", "init", "-q")
    return folder


@pytest.fixture(scope="module")
def followed(copy: Path) -> Path:
    """The copy with every recipe followed by the document's commands; each of them can be followed alone, too."""
    for recipe in RECIPES:
        run(copy, "git", "apply", "--check", f"docs/recipes/{recipe}.patch")
    assert blocks.run(DOCUMENT, NAME, folder=copy, environment=os.environ) == []
    return copy


def test_every_recipe_is_told_of_and_followed(followed: Path) -> None:
    written = {path.stem for path in (blocks.ROOT / "docs/recipes").iterdir()}
    assert written == set(RECIPES)
    assert [test for test in RECIPES.values() if not (followed / test).exists()] == []


@pytest.mark.parametrize("check", CHECKS, ids=" ".join)
def test_what_they_make_passes_the_checks_of_all_code(followed: Path, check: tuple[str, ...]) -> None:
    run(followed, sys.executable, "-m", *check)


def test_what_they_make_works_on_real_servers(followed: Path, database_server: str, broker: object) -> None:
    run(followed, sys.executable, "-m", "pytest", "-q", *RECIPES.values())
