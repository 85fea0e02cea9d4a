"""Persons and attendances are different quantities: neither the interpreter nor mypy lets them be added."""

from __future__ import annotations

from pathlib import Path

import pytest
from mypy import api

from contracts.figures import Attendances, Persons, quantity

ADDED = """
from contracts.figures import Attendances, Persons
total = Persons(1) + Persons(2)
wrong = Persons(1) + Attendances(2)
less = Attendances(3) - Persons(1)
"""


def test_persons_and_attendances_are_not_added() -> None:
    assert Persons(1) + Persons(2) == Persons(3)
    assert quantity("attendance", 5) - Attendances(2) == Attendances(3)
    for other in (Attendances(1), quantity("organisation", 1)):
        with pytest.raises(TypeError, match="are not added"):
            Persons(1) + other  # type: ignore[operator]
    with pytest.raises(TypeError):
        Attendances(3) - quantity("person", 1)


def test_mypy_refuses_it_too(tmp_path: Path) -> None:
    module = tmp_path / "added.py"
    module.write_text(ADDED, encoding="utf-8")
    found, _, status = api.run(
        ["--no-error-summary", "--cache-dir", ".state/mypy_added", "--follow-imports", "silent", str(module)]
    )
    assert (status, [line.split(":")[1] for line in found.splitlines()]) == (1, ["4", "5"]), found
