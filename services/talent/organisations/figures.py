"""Organisations on record on a day, of any kinds: what is closed later was open before."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, cast, null, select, text

from chassis.ground.clock import end_of
from chassis.store.figures import Counter, Wanted, shanghai_day
from chassis.store.history import state_as_of
from chassis.store.pages import Rows
from contracts.figures import ORGANISATIONS, RECORDS
from services.talent.organisations.tables import Organisation, OrganisationReport

_NOT_CLOSED = f"""'closed' is distinct from {state_as_of("organisation", "organisations.id")}"""


def records(wanted: Wanted) -> Rows | None:
    """Organisations by the day they were registered."""
    if wanted.count not in (RECORDS, ORGANISATIONS) or wanted.states or wanted.where or wanted.county:
        return None
    one = Organisation
    made_on = shanghai_day(one.created_at)
    found: Rows = select(
        one.id.label("id"),
        made_on.label("on"),
        one.id.label("unit_id"),
        null().label("amount"),
        cast(null(), Text).label("county"),
        one.name.label("label"),
        one.kind.label("kind"),
    )
    if wanted.kinds:
        found = found.where(one.kind.in_(wanted.kinds))
    if not wanted.is_stock:
        return found.where(made_on.between(wanted.from_on, wanted.on))
    is_open = text(_NOT_CLOSED).bindparams(until=end_of(wanted.on))
    return found.where(one.created_at < end_of(wanted.on), is_open)


def reports(found: Any) -> Rows:
    """Organisation and department."""
    report = OrganisationReport
    return select(found.c.id, report.department).join(report, report.organisation_id == found.c.id)


COUNTERS = {"organisations": Counter(records, reports)}
