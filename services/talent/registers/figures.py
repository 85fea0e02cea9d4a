"""Which entries of registers a figure counts.

State of an entry as of a day: the last of its states, in their order, whose day is not after it. A stock counts what is in one
of the wanted states then (without any: what has not ended), a flow what reached one of them for the first time in its period
(without any: what began). Entries that are the same as another never count; their reporters stand for the one that does.
Source: programmes, M1 and M7.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Numeric, case, cast, exists, func, null, or_, select, true
from sqlalchemy.orm import aliased

from chassis.store.figures import Counter, Wanted, fields_are
from chassis.store.pages import Rows
from contracts.figures import MEASURE, ORGANISATIONS, RECORDS, REPORTED_BY
from contracts.vocabulary import ENDED, ENTRY_STATES
from services.talent.registers.tables import RegisterEntry, RegisterKind, RegisterParty, RegisterReport

_NUMBER = r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$"
_COUNTED = (RECORDS, ORGANISATIONS, MEASURE)


def records(wanted: Wanted) -> Rows | None:
    """The entries, each once; with a role once for each organisation that has it."""
    if wanted.count not in _COUNTED or (wanted.count == ORGANISATIONS and wanted.role is None):
        return None
    entry, party = RegisterEntry, RegisterParty
    amount: Any = null()
    if wanted.count == MEASURE:
        value = entry.fields[wanted.field].astext
        amount = case((value.regexp_match(_NUMBER), cast(value, Numeric)))
    found: Rows = select(
        entry.id.label("id"),
        (_day_of_state(wanted.on) if wanted.is_stock else _first_day(wanted)).label("on"),
        (entry.id if wanted.role is None else party.party_id).label("unit_id"),
        amount.label("amount"),
        entry.county.label("county"),
        _title().label("label"),
        entry.kind_key.label("kind"),
    ).where(entry.kind_key.in_(wanted.kinds), entry.same_as.is_(None), *_in_time(wanted), *_as_asked(wanted))
    if wanted.role is not None:
        found = found.join(party, (party.entry_id == entry.id) & (party.role == wanted.role))
        found = found.where(party.organisation_id.is_not(None))
    return found if wanted.field is None else found.where(amount.is_not(None))


def reports(found: Any) -> Rows:
    """Entry and department, of the entries and those that are the same."""
    return (
        select(found.c.id, RegisterReport.department)
        .join(RegisterEntry, or_(RegisterEntry.id == found.c.id, RegisterEntry.same_as == found.c.id))
        .join(RegisterReport, RegisterReport.entry_id == RegisterEntry.id)
    )


def reporters(found: Any, wanted: Wanted) -> Rows:
    """Of the departments their kinds are reported by, those that have reported an entry: few look-ups for many entries."""
    kinds = RegisterKind.key.in_(wanted.kinds)
    may = select(func.unnest(RegisterKind.reporters).label("department")).where(kinds).cte("may_report")
    report, twin = aliased(RegisterReport), aliased(RegisterEntry)
    has_reported = report.department == may.c.department
    own = select(true()).select_from(found).join(report, (report.entry_id == found.c.id) & has_reported)
    same = (
        select(true())
        .select_from(found)
        .join(twin, twin.same_as == found.c.id)
        .join(report, (report.entry_id == twin.id) & has_reported)
    )
    return select(may.c.department).where(or_(exists(own.correlate(may)), exists(same.correlate(may))))


def organisations_in(kind: str, role: str | None, on: dt.date) -> Rows:
    """The organisations in a role of a current entry of a kind: those of its first role, where none is named."""
    entry, party = RegisterEntry, RegisterParty
    first = select(RegisterKind.parties[0]["role"].astext).where(RegisterKind.key == kind).scalar_subquery()
    return (
        select(party.organisation_id)
        .join(entry, entry.id == party.entry_id)
        .where(
            entry.kind_key == kind,
            entry.same_as.is_(None),
            party.role == (first if role is None else role),
            party.organisation_id.is_not(None),
            _state(on).not_in([ENDED]),
        )
    )


def _in_time(wanted: Wanted) -> list[Any]:
    if not wanted.is_stock:
        return [_first_day(wanted).between(wanted.from_on, wanted.on)]
    states = wanted.states or [state for state in ENTRY_STATES if state != ENDED]
    return [_state(wanted.on).in_(states)]


def _as_asked(wanted: Wanted) -> list[Any]:
    where = dict(wanted.where)
    conditions: list[Any] = []
    if (department := where.pop(REPORTED_BY, None)) is not None:
        conditions.append(_is_reported(str(department)))
    if wanted.county is not None:
        conditions.append(RegisterEntry.county == wanted.county)
    if wanted.programme is not None:
        kinds = select(RegisterKind.key).where(func.lower(RegisterKind.programme) == wanted.programme.lower())
        conditions.append(RegisterEntry.kind_key.in_(kinds))
    return [*conditions, *fields_are(RegisterEntry.fields, where)]


def _is_reported(department: str) -> Any:
    """Whether a department has reported the entry, or one that is the same."""
    report, twin, of_twin = aliased(RegisterReport), aliased(RegisterEntry), aliased(RegisterReport)
    own = exists().where(report.entry_id == RegisterEntry.id, report.department == department)
    same = (
        select(twin.same_as)
        .join(of_twin, (of_twin.entry_id == twin.id) & (of_twin.department == department))
        .where(twin.same_as.is_not(None))
    )
    return or_(own, RegisterEntry.id.in_(same))


def _days() -> dict[str, Any]:
    return {state: getattr(RegisterEntry, f"{state}_on") for state in ENTRY_STATES}


def _state(on: dt.date) -> Any:
    """The state as of a day; null before the first."""
    return case(*((day <= on, state) for state, day in reversed(_days().items())))


def _day_of_state(on: dt.date) -> Any:
    return case(*((day <= on, day) for day in reversed(_days().values())))


def _first_day(wanted: Wanted) -> Any:
    days = _days()
    chosen = [days[state] for state in ENTRY_STATES if not wanted.states or state in wanted.states]
    return func.least(*chosen)


def _title() -> Any:
    """The title, but of an entry about a person: it may name them."""
    party = aliased(RegisterParty)
    is_about_one = exists().where(party.entry_id == RegisterEntry.id, party.person_id.is_not(None))
    return case((is_about_one, null()), else_=RegisterEntry.title)


COUNTERS = {"registers": Counter(records, reports, reporters)}
