"""Whom an activity is open to: anybody on record, or who holds an affiliation that fits one of its rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

#: What a rule can name. All that one rule names must be found in one affiliation.
NAMES = ("role", "organisation_kind", "organisation_id")


def is_open_to(rules: Iterable[Mapping[str, Any]] | None, affiliations: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one of the rules fits one of the affiliations that hold; without rules everybody may come."""
    if rules is None:
        return True
    held = list(affiliations)
    return any(_fits(rule, affiliation) for rule in rules for affiliation in held)


def _fits(rule: Mapping[str, Any], affiliation: Mapping[str, Any]) -> bool:
    return all(rule.get(name) is None or rule[name] == affiliation[name] for name in NAMES)
