"""How many places and institutions a scheme joins, as of a day.

A past day is counted by what stood published on it: the version of the scheme and of each set in force at its end, and in
them the periods that hold on it. So nothing published later changes it. Before the first day anything was published, that
day's versions tell of the past. An organisation in two schemes counts once.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Date, Text, Uuid, cast, literal, null, select, text

from chassis.ground.clock import end_of
from chassis.store.figures import ZONE, Counter, Wanted
from chassis.store.pages import Rows
from contracts.figures import ORGANISATIONS
from services.perks.schemes.tables import Scheme

PLACE, INSTITUTION = "place", "institution"
_SIDES = {PLACE: "p", INSTITUTION: "i"}
_PAIRS = """
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
    select distinct side.organisation_id as id, s.key as kind
    from schemes s
    join scheme_relations r on r.key = s.key and r.version = s.version
    join members p on p.key = r.place_set
    join members i on i.key = r.institution_set
    cross join lateral (select {side}.organisation_id) side
    where s.key = any(cast(:schemes as text[]))
      and s.version = (
          select max(v.version) from schemes v
          where v.key = s.key and v.published_at < greatest(cast(:until as timestamptz), (
              select date_trunc('day', min(f.published_at), :zone) + interval '1 day' from schemes f where f.key = s.key
          ))
      )
      and s.valid_from <= :day and (s.valid_until is null or :day < s.valid_until)
      and r.from_on <= :day and (r.until_on is null or :day < r.until_on)
"""


def records(wanted: Wanted) -> Rows | None:
    """The organisations in one of the two roles, once for each scheme."""
    side = _SIDES.get(wanted.role or "")
    if wanted.count != ORGANISATIONS or not wanted.is_stock or side is None or wanted.where or wanted.county:
        return None
    statement = text(_PAIRS.format(side=side)).bindparams(
        day=wanted.on, until=end_of(wanted.on), zone=ZONE, schemes=[*wanted.kinds]
    )
    joined = statement.columns(id=Uuid, kind=Text).subquery("joined")
    return select(
        joined.c.id.label("id"),
        literal(wanted.on, Date).label("on"),
        joined.c.id.label("unit_id"),
        null().label("amount"),
        cast(null(), Text).label("county"),
        cast(null(), Text).label("label"),
        joined.c.kind.label("kind"),
    )


def reporters(found: Any, wanted: Wanted) -> Rows:
    """The departments that published the schemes."""
    return select(Scheme.department).where(Scheme.key.in_(wanted.kinds), Scheme.is_current)


COUNTERS = {"schemes": Counter(records, reporters=reporters)}
