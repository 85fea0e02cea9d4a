"""What of activities is counted once they are held: themselves, their sessions, who came, and how many came.

A session counts for the day it took place, whenever it was recorded; one that was cancelled does not. People and attendances
are from check-ins, a headcount is what the organiser stated. Source: programmes, M4 and M7.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, Uuid, cast, column, false, null, select, table

from chassis.store.figures import Counter, Wanted, shanghai_day
from chassis.store.pages import Rows
from contracts.figures import ATTENDANCES, HEADCOUNT, PERSONS, RECORDS, REPORTED_BY, SESSIONS
from services.events.activities.rules import HELD, REPORTED, SCHEDULED
from services.events.activities.tables import Activity, Session

_REGISTRATIONS = table(
    "registrations",
    column("id", Uuid),
    column("session_id", Uuid),
    column("person_id", Uuid),
    column("checked_in_at"),
)
_OF_ACTIVITIES, _OF_SESSIONS, _OF_PEOPLE = (RECORDS, HEADCOUNT), (SESSIONS,), (ATTENDANCES, PERSONS)


def records(wanted: Wanted) -> Rows | None:
    """Activities, sessions or check-ins; parties, fields and counties are nothing an activity has yet."""
    where = dict(wanted.where)
    department = where.pop(REPORTED_BY, None)
    if wanted.count not in (*_OF_ACTIVITIES, *_OF_SESSIONS, *_OF_PEOPLE) or wanted.role or wanted.states or where:
        return None
    found = _selected(wanted).where(Activity.kind.in_(wanted.kinds), Activity.state.in_((HELD, REPORTED)))
    if department is not None:
        found = found.where(Activity.department == department)
    if wanted.programme is not None:
        found = found.where(Activity.programme == wanted.programme)
    return found if wanted.county is None else found.where(false())


def _selected(wanted: Wanted) -> Rows:
    one, came = Activity, _REGISTRATIONS.c
    if wanted.count in _OF_ACTIVITIES:
        amount = one.attendance_stated if wanted.count == HEADCOUNT else null()
        found = select(*_columns(wanted, one.id, one.id, one.starts_at, amount)).where(_in_time(wanted, one.starts_at))
        return found if wanted.count == RECORDS else found.where(one.attendance_stated.is_not(None))
    starts_at = Session.starts_at
    took_place = (Session.state == SCHEDULED, _in_time(wanted, starts_at))
    if wanted.count in _OF_SESSIONS:
        columns = _columns(wanted, Session.id, Session.id, starts_at, null())
        return select(*columns).join(Session, Session.activity_id == one.id).where(*took_place)
    unit = came.person_id if wanted.count == PERSONS else came.id
    return (
        select(*_columns(wanted, came.id, unit, starts_at, null()))
        .select_from(one)
        .join(Session, Session.activity_id == one.id)
        .join(_REGISTRATIONS, came.session_id == Session.id)
        .where(*took_place, came.checked_in_at.is_not(None))
    )


def _columns(wanted: Wanted, identity: Any, unit: Any, starts_at: Any, amount: Any) -> list[Any]:
    label = cast(null(), Text) if wanted.count in _OF_PEOPLE else Activity.title["zh-CN"].astext
    return [
        identity.label("id"),
        shanghai_day(starts_at).label("on"),
        unit.label("unit_id"),
        amount.label("amount"),
        cast(null(), Text).label("county"),
        label.label("label"),
        Activity.kind.label("kind"),
        Activity.department.label("department"),
    ]


def _in_time(wanted: Wanted, starts_at: Any) -> Any:
    on = shanghai_day(starts_at)
    return on <= wanted.on if wanted.is_stock else on.between(wanted.from_on, wanted.on)


COUNTERS = {"activities": Counter(records)}
