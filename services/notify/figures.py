"""What notify counts for a city's report, by definition; joined from its subjects.

Each figure is counted, never stored, by the day things happened.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from chassis.store import figures as counting
from chassis.store.figures import Counter
from chassis.store.work import Work
from services.notify.subjects import SUBJECTS

COUNTERS: dict[str, Counter] = {
    mechanism: counter for subject in SUBJECTS for mechanism, counter in getattr(subject, "COUNTERS", {}).items()
}


def count_figures(
    work: Work,
    *,
    figures: Sequence[Mapping[str, Any]],
    as_of: dt.date | None = None,
    county: str | None = None,
) -> dict[str, Any]:
    """The figures of these definitions, as of the end of the day `as_of` (today without one)."""
    return counting.count(work, COUNTERS, figures=figures, as_of=as_of, county=county)


def list_figure_records(
    work: Work,
    *,
    figure: Mapping[str, Any],
    as_of: dt.date | None = None,
    county: str | None = None,
    limit: int = 50,
    after: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A page of the records behind a figure."""
    return counting.list_records(work, COUNTERS, figure=figure, as_of=as_of, county=county, limit=limit, after=after)
