"""The figures perks can count from its own records, as of a day in Shanghai.

A past day is counted by what stood published on it: the version of the scheme and of each set in force at its end, and in
them the periods that hold on it. So nothing published later changes it. Before the first day anything was published, that
day's versions tell of the past. Source: report, P35, F45 and F46.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import text

from chassis.store import figures
from chassis.store.figures import Count
from chassis.store.work import Work

#: The scheme of clause P35; its pairs are which scenic area serves which university on a day.
SCENIC_SCHEME = "scenic_areas"
ZONE = "Asia/Shanghai"
_PAIRS = """
    from schemes s
    join scheme_relations r on r.key = s.key and r.version = s.version
    join members p on p.key = r.place_set
    join members i on i.key = r.institution_set
    where s.key = :scheme
      and s.version = (
          select max(v.version) from schemes v
          where v.key = :scheme and v.published_at < greatest(:until, (
              select date_trunc('day', min(f.published_at), :zone) + interval '1 day' from schemes f where f.key = :scheme
          ))
      )
      and s.valid_from <= :day and (s.valid_until is null or :day < s.valid_until)
      and r.from_on <= :day and (r.until_on is null or :day < r.until_on)
"""
_MEMBERS = """
    with members as (
        select v.key, m.organisation_id
        from set_versions v, jsonb_to_recordset(v.members) as m (organisation_id uuid, from_on date, until_on date)
        where v.version = (
            select max(w.version) from set_versions w
            where w.key = v.key and w.published_on <= greatest(:day, (
                select min(f.published_on) from set_versions f where f.key = v.key
            ))
        )
        and m.from_on <= :day and (m.until_on is null or :day < m.until_on)
    )
"""
_REDEMPTIONS = """
    select count(*) from redemptions where scheme_key = :scheme and outcome = 'admitted' and at < :until
"""

COUNTS = {
    "scenic.areas": Count(
        text(f"{_MEMBERS} select count(distinct p.organisation_id) {_PAIRS}"), scheme=SCENIC_SCHEME, zone=ZONE
    ),
    "scenic.universities": Count(
        text(f"{_MEMBERS} select count(distinct i.organisation_id) {_PAIRS}"), scheme=SCENIC_SCHEME, zone=ZONE
    ),
    "scenic.redemptions": Count(text(_REDEMPTIONS), scheme=SCENIC_SCHEME),
}


def count_figures(work: Work, *, as_of: dt.date | None = None, keys: Collection[str] | None = None) -> dict[str, Any]:
    """The figures perks counts, or those of `keys` among them, as of the end of the day `as_of` (today without one)."""
    return figures.count(work, COUNTS, as_of=as_of, keys=keys)
