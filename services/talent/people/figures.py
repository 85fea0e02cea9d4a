"""People on record, each once; and who is merged into whom, for whatever else counts people."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Subquery, Text, cast, literal, null, select

from chassis.store.figures import Counter, Wanted, shanghai_day
from chassis.store.pages import Rows
from contracts.figures import PERSONS, RECORDS
from services.talent.people.tables import Person, PersonReport


def merged() -> Subquery:
    """``(id, merged_into)`` of those who are merged into another."""
    return select(Person.id, Person.merged_into).where(Person.merged_into.is_not(None)).subquery("merged")


def records(wanted: Wanted) -> Rows | None:
    """People by the day their record was made."""
    if wanted.count not in (RECORDS, PERSONS) or wanted.kinds or wanted.states or wanted.where or wanted.county:
        return None
    made_on = shanghai_day(Person.created_at)
    in_time = made_on <= wanted.on if wanted.is_stock else made_on.between(wanted.from_on, wanted.on)
    return select(
        Person.id.label("id"),
        made_on.label("on"),
        Person.id.label("unit_id"),
        null().label("amount"),
        cast(null(), Text).label("county"),
        cast(null(), Text).label("label"),
        literal("person").label("kind"),
    ).where(Person.merged_into.is_(None), in_time)


def reports(found: Any) -> Rows:
    """Person and department."""
    return select(found.c.id, PersonReport.department).join(PersonReport, PersonReport.person_id == found.c.id)


COUNTERS = {"people": Counter(records, reports)}
