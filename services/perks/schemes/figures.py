"""The figures perks can count from its own records, as of a day in Shanghai.

A past day is counted by what stood published on it: the version of the scheme and of each set in force at its end, and in
them the periods that hold on it. So nothing published later changes it. Before the first day anything was published, that
day's versions tell of the past. Source: report, P35, F45 and F46.
"""

from __future__ import annotations

from sqlalchemy import text

from chassis.store.figures import Count

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
COUNTS = {
    "scenic.areas": Count(
        text(f"""{_MEMBERS} select count(distinct p.organisation_id) {_PAIRS}"""), scheme=SCENIC_SCHEME, zone=ZONE
    ),
    "scenic.universities": Count(
        text(f"""{_MEMBERS} select count(distinct i.organisation_id) {_PAIRS}"""), scheme=SCENIC_SCHEME, zone=ZONE
    ),
}
