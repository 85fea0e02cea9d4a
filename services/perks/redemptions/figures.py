"""Admissions by a pass, each once, by their day; their kind is their scheme. Refused scans are not counted."""

from __future__ import annotations

from sqlalchemy import Text, cast, null, select

from chassis.store.figures import Counter, Wanted, shanghai_day
from chassis.store.pages import Rows
from contracts.figures import ATTENDANCES, RECORDS, REPORTED_BY
from services.perks.redemptions.tables import Redemption


def records(wanted: Wanted) -> Rows | None:
    """Admissions under these schemes."""
    where = dict(wanted.where)
    department = where.pop(REPORTED_BY, None)
    if wanted.count not in (RECORDS, ATTENDANCES) or wanted.states or where or wanted.county:
        return None
    one = Redemption
    on = shanghai_day(one.at)
    in_time = on <= wanted.on if wanted.is_stock else on.between(wanted.from_on, wanted.on)
    found: Rows = select(
        one.id.label("id"),
        on.label("on"),
        one.id.label("unit_id"),
        null().label("amount"),
        cast(null(), Text).label("county"),
        cast(null(), Text).label("label"),
        one.scheme_key.label("kind"),
        one.department.label("department"),
    ).where(one.scheme_key.in_(wanted.kinds), one.outcome == "admitted", in_time)
    return found if department is None else found.where(one.department == department)


COUNTERS = {"redemptions": Counter(records)}
