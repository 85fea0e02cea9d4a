"""How every benchmark is run: candidate and baseline in turn, three rounds, the median of the ratios.

A noisy machine slows both sides of a round alike, so the ratio holds where the rates do not.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 3

Measure = Callable[[], float]


@dataclass(frozen=True)
class Row:
    """One line of the result: rates per second, and the median ratio of candidate to baseline."""

    name: str
    value: float
    unit: str
    baseline: float
    ratio: float
    floor: float
    note: str = ""

    def as_json(self) -> dict[str, float | str]:
        return {
            "value": round(self.value, 1),
            "unit": self.unit,
            "baseline": round(self.baseline, 1),
            "ratio": round(self.ratio, 3),
            "floor": self.floor,
            "note": self.note,
        }


def compare(name: str, *, candidate: Measure, baseline: Measure, unit: str, floor: float, note: str = "") -> Row:
    """Measure both in turn ROUNDS times; `floor` is the least ratio the project promises."""
    pairs = [(candidate(), baseline()) for _ in range(ROUNDS)]
    return Row(
        name=name,
        value=statistics.median(value for value, _ in pairs),
        unit=unit,
        baseline=statistics.median(base for _, base in pairs),
        ratio=statistics.median(value / base for value, base in pairs),
        floor=floor,
        note=note,
    )
