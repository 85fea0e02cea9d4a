"""Which affiliations a figure counts, by the people or the organisations in them.

Current on a day: confirmed, and the day lies in its half-open period. What ended later was current before. People count once
however often they were registered: merged ones as who they are merged into. Records are ids alone, for they are a person's.
Source: programmes, M2 and M7.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, and_, cast, exists, false, func, literal_column, null, or_, select

from chassis.store.figures import Counter, Wanted, fields_are
from chassis.store.history import TABLE as HISTORY
from chassis.store.pages import Rows
from contracts.figures import ORGANISATION_IN, ORGANISATIONS, PERSONS, RECORDS, REPORTED_BY
from contracts.vocabulary import CONFIRMED, ENDED
from services.talent.affiliations.tables import Affiliation, AffiliationReport
from services.talent.people import figures as people
from services.talent.registers import figures as registers

#: The one state a figure of affiliations is of.
CURRENT = "current"
_COUNTED = (RECORDS, PERSONS, ORGANISATIONS)
_FIELDS = "fields"


def records(wanted: Wanted) -> Rows | None:
    """The affiliations of these roles; a county is nothing an affiliation has."""
    if wanted.count not in _COUNTED or set(wanted.states) - {CURRENT} or wanted.programme is not None:
        return None
    where = dict(wanted.where)
    department, kind = where.pop(REPORTED_BY, None), where.pop(ORGANISATION_IN, None)
    if where and _FIELDS not in Affiliation.__table__.columns:
        return None
    one = Affiliation
    merged = people.merged()
    person = func.coalesce(merged.c.merged_into, one.person_id)
    units = {PERSONS: person, ORGANISATIONS: one.organisation_id, RECORDS: one.id}
    found: Rows = (
        select(
            one.id.label("id"),
            one.from_on.label("on"),
            units[wanted.count].label("unit_id"),
            null().label("amount"),
            cast(null(), Text).label("county"),
            cast(null(), Text).label("label"),
            one.role.label("kind"),
        )
        .outerjoin(merged, merged.c.id == one.person_id)
        .where(one.role.in_(wanted.kinds), *_in_time(wanted))
    )
    if department is not None:
        reported = and_(AffiliationReport.affiliation_id == one.id, AffiliationReport.department == department)
        found = found.where(exists().where(reported))
    if kind is not None:
        found = found.where(one.organisation_id.in_(registers.organisations_in(str(kind), wanted.role, wanted.on)))
    if where:
        found = found.where(*fields_are(Affiliation.__table__.columns[_FIELDS], where))
    return found if wanted.county is None else found.where(false())


def reports(found: Any) -> Rows:
    """Affiliation and department."""
    report = AffiliationReport
    return select(found.c.id, report.department).join(report, report.affiliation_id == found.c.id)


def _in_time(wanted: Wanted) -> list[Any]:
    one = Affiliation
    has_been_confirmed = exists(literal_column("1")).where(
        HISTORY.c.subject == "affiliation", HISTORY.c.subject_id == cast(one.id, Text), HISTORY.c.to_state == CONFIRMED
    )
    stood = or_(one.state == CONFIRMED, and_(one.state == ENDED, one.until_on > one.from_on, has_been_confirmed))
    if not wanted.is_stock:
        return [stood, one.from_on.between(wanted.from_on, wanted.on)]
    return [stood, one.from_on <= wanted.on, or_(one.until_on.is_(None), one.until_on > wanted.on)]


COUNTERS = {"affiliations": Counter(records, reports)}
