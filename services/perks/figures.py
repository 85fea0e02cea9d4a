"""The figures perks can count from its own records, as of a day in Shanghai.

The relation of places and institutions is dated, so a past day is not changed by a later publication's periods. Source:
report, P35, F45 and F46.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import text

from chassis.clock import SHANGHAI
from chassis.work import Work
from contracts.figures import FIGURES

#: The scheme of clause P35; its pairs are which scenic area serves which university on a day.
SCENIC_SCHEME = "scenic_areas"
_PAIRS = """
    from schemes s
    join scheme_relations r on r.key = s.key and r.version = s.version
    join set_members p on p.key = r.place_set
    join set_members i on i.key = r.institution_set
    where s.key = :scheme and s.is_current
      and s.valid_from <= :day and (s.valid_until is null or :day < s.valid_until)
      and r.from_on <= :day and (r.until_on is null or :day < r.until_on)
      and p.from_on <= :day and (p.until_on is null or :day < p.until_on)
      and i.from_on <= :day and (i.until_on is null or :day < i.until_on)
"""
_COUNTS = {
    "scenic.areas": text(f"select count(distinct p.organisation_id) {_PAIRS}"),
    "scenic.universities": text(f"select count(distinct i.organisation_id) {_PAIRS}"),
    "scenic.redemptions": text(
        "select count(*) from redemptions where scheme_key = :scheme and outcome = 'admitted' and at < :until"
    ),
}


def count_figures(work: Work, *, as_of: dt.date | None = None, keys: Collection[str] | None = None) -> dict[str, Any]:
    """perks' figures, or those of `keys` it has, as of the end of the day `as_of` (today without one)."""
    day = as_of or work.today
    until = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), SHANGHAI)
    asked = {"scheme": SCENIC_SCHEME, "day": day, "until": until}
    items = []
    for key, statement in _COUNTS.items():
        if keys is None or key in keys:
            count = work.session.execute(statement, asked).scalar_one()
            items.append(
                {
                    "key": key,
                    "value": count,
                    "unit": FIGURES[key].unit,
                    "n_records": count,
                    "as_of": day,
                    "status": "counted",
                }
            )
    return {"items": items}
