"""The law of half-open periods ``[from_on, until_on)``; ``until_on`` None is without an end."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import date

from contracts.language.violations import Violation

Period = tuple[date, date | None]


def check_period(from_on: date, until_on: date | None) -> Violation | None:
    """What is wrong with a period: it must end after it began."""
    if until_on is None or until_on > from_on:
        return None
    return Violation(
        "until_on",
        "period_ends_before_it_begins",
        "结束日期必须晚于开始日期。",
        "The period must end after it begins.",
    )


def is_over(until_on: date | None, *, today: date) -> bool:
    """Whether a period has ended by `today`; its last day was the one before `until_on`."""
    return until_on is not None and until_on <= today


def any_overlap(periods: Iterable[Period]) -> bool:
    """Whether two of the periods share a day."""
    ordered = sorted(periods, key=lambda period: period[0])
    return any(
        until_on is None or until_on > next_from for (_, until_on), (next_from, _) in itertools.pairwise(ordered)
    )
