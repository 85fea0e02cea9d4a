"""What becomes of a report or of a row: accepted, unchanged, differs, rejected."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.vocabulary import ACCEPTED, DIFFERS, REJECTED, UNCHANGED


def row_verdict(verdicts: Iterable[str]) -> str:
    """The verdict of a roster row from those of its parts (the person, the affiliation)."""
    found = set(verdicts)
    return next(each for each in (REJECTED, DIFFERS, ACCEPTED, UNCHANGED) if each in found)
