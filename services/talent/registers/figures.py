"""Which entries of registers a figure counts.

State of an entry as of a day: the last of its states, in their order, whose day is not after it. A stock counts what is in one
of the wanted states then (without any: what has not ended), a flow what reached one of them for the first time in its period
(without any: what began). Entries that are the same as another never count; their reporters stand for the one that does.

Columns and no mapped classes: a report is counted in dozens of statements, and an alias of a class takes longer than most.
Source: programmes, M1 and M7.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Numeric, Table, and_, case, cast, exists, false, func, null, or_, select, true

from chassis.store.figures import Counter, Wanted, fields_are
from chassis.store.pages import Rows
from contracts.figures import MEASURE, ORGANISATIONS, RECORDS, REPORTED_BY
from contracts.vocabulary import ENDED, ENTRY_STATES
from services.talent.registers.tables import RegisterEntry, RegisterKind, RegisterParty, RegisterReport

_ENTRIES: Table = RegisterEntry.__table__  # type: ignore[assignment]
_PARTIES: Table = RegisterParty.__table__  # type: ignore[assignment]
_KINDS: Table = RegisterKind.__table__  # type: ignore[assignment]
_REPORTS: Table = RegisterReport.__table__  # type: ignore[assignment]
#: The same tables beside themselves: entries that are the same as one, and who takes part in it.
_TWINS, _PERSONS = _ENTRIES.alias("twins"), _PARTIES.alias("persons")
_ENTRY = _ENTRIES.c
_DAYS = {state: _ENTRY[f"{state}_on"] for state in ENTRY_STATES}
_NUMBER = r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$"
_COUNTED = (RECORDS, ORGANISATIONS, MEASURE)
#: The title, but of an entry about a person: it may name them.
_ABOUT_ONE = exists().where(_PERSONS.c.entry_id == _ENTRY.id, _PERSONS.c.person_id.is_not(None))
_TITLE = case((_ABOUT_ONE, null()), else_=_ENTRY.title)


def records(wanted: Wanted) -> Rows | None:
    """The entries, each once; with a role once for each organisation that has it."""
    if wanted.count not in _COUNTED or (wanted.count == ORGANISATIONS and wanted.role is None):
        return None
    amount: Any = null()
    if wanted.count == MEASURE:
        value = _ENTRY.fields[wanted.field].astext
        amount = case((value.regexp_match(_NUMBER), cast(value, Numeric)))
    found: Rows = select(
        _ENTRY.id.label("id"),
        (_day_of_state(wanted.on) if wanted.is_stock else _first_day(wanted)).label("on"),
        (_ENTRY.id if wanted.role is None else _PARTIES.c.party_id).label("unit_id"),
        amount.label("amount"),
        _ENTRY.county.label("county"),
        _TITLE.label("label"),
        _ENTRY.kind_key.label("kind"),
    ).where(_ENTRY.kind_key.in_(wanted.kinds), _ENTRY.same_as.is_(None), _in_time(wanted), *_as_wanted(wanted))
    if wanted.role is not None:
        has_role = (_PARTIES.c.entry_id == _ENTRY.id) & (_PARTIES.c.role == wanted.role)
        found = found.join(_PARTIES, has_role).where(_PARTIES.c.organisation_id.is_not(None))
    return found if wanted.count != MEASURE else found.where(amount.is_not(None))


def reports(found: Any) -> Rows:
    """Entry and department, of the entries and those that are the same."""
    return (
        select(found.c.id, _REPORTS.c.department)
        .join(_ENTRIES, or_(_ENTRY.id == found.c.id, _ENTRY.same_as == found.c.id))
        .join(_REPORTS, _REPORTS.c.entry_id == _ENTRY.id)
    )


def reporters(found: Any, wanted: Wanted) -> Rows:
    """Of the departments their kinds are reported by, those that have reported an entry: few look-ups for many entries."""
    kinds = _KINDS.c.key.in_(wanted.kinds)
    may = select(func.unnest(_KINDS.c.reporters).label("department")).where(kinds).cte("may_report")
    has_reported = _REPORTS.c.department == may.c.department
    own = select(true()).select_from(found).join(_REPORTS, (_REPORTS.c.entry_id == found.c.id) & has_reported)
    same = (
        select(true())
        .select_from(found)
        .join(_TWINS, _TWINS.c.same_as == found.c.id)
        .join(_REPORTS, (_REPORTS.c.entry_id == _TWINS.c.id) & has_reported)
    )
    return select(may.c.department).where(or_(exists(own.correlate(may)), exists(same.correlate(may))))


def organisations_in(kind: str, role: str | None, on: dt.date) -> Rows:
    """The organisations in a role of a current entry of a kind: those of its first role, where none is named."""
    first = select(_KINDS.c.parties[0]["role"].astext).where(_KINDS.c.key == kind).scalar_subquery()
    return (
        select(_PARTIES.c.organisation_id)
        .join(_ENTRIES, _ENTRY.id == _PARTIES.c.entry_id)
        .where(
            _ENTRY.kind_key == kind,
            _ENTRY.same_as.is_(None),
            _PARTIES.c.role == (first if role is None else role),
            _PARTIES.c.organisation_id.is_not(None),
            _is_in(_unless_ended(), on),
        )
    )


def _in_time(wanted: Wanted) -> Any:
    if wanted.is_stock:
        return _is_in(wanted.states or _unless_ended(), wanted.on)
    return _first_day(wanted).between(wanted.from_on, wanted.on)


def _unless_ended() -> list[str]:
    return [state for state in ENTRY_STATES if state != ENDED]


def _as_wanted(wanted: Wanted) -> list[Any]:
    where = dict(wanted.where)
    conditions: list[Any] = []
    if (department := where.pop(REPORTED_BY, None)) is not None:
        conditions.append(_ENTRY.id.in_(_reported_by(str(department), wanted.kinds)))
    if wanted.county is not None:
        conditions.append(_ENTRY.county == wanted.county)
    if wanted.programme is not None:
        kinds = select(_KINDS.c.key).where(func.lower(_KINDS.c.programme) == wanted.programme.lower())
        conditions.append(_ENTRY.kind_key.in_(kinds))
    return [*conditions, *fields_are(_ENTRY.fields, where)]


def _reported_by(department: str, kinds: Sequence[str]) -> Rows:
    """The entries a department has reported, itself or one that is the same."""
    return (
        select(func.coalesce(_TWINS.c.same_as, _TWINS.c.id))
        .join(_REPORTS, (_REPORTS.c.entry_id == _TWINS.c.id) & (_REPORTS.c.department == department))
        .where(_TWINS.c.kind_key.in_(kinds))
    )


def _is_in(states: Sequence[str], on: dt.date) -> Any:
    """Whether the state as of a day is one of these: it has been reached, and none after it. Written by columns, whose
    statistics the planner knows.
    """
    found = []
    for number, (state, day) in enumerate(_DAYS.items()):
        if state in states:
            later = [*_DAYS.values()][number + 1 :]
            found.append(and_(day <= on, *(or_(one.is_(None), one > on) for one in later)))
    return or_(*found) if found else false()


def _day_of_state(on: dt.date) -> Any:
    return case(*((day <= on, day) for day in reversed(_DAYS.values())))


def _first_day(wanted: Wanted) -> Any:
    chosen = [day for state, day in _DAYS.items() if not wanted.states or state in wanted.states]
    return chosen[0] if len(chosen) == 1 else func.least(*chosen) if chosen else null()


COUNTERS = {"registers": Counter(records, reports, reporters)}
