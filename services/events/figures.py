"""The figures events can count from its own records, as of a day in Shanghai: activities held, by the programme of their
kind.

An activity counts from the day it was recorded as held, so nothing recorded later changes a past day. Where the report
counts in 场次, sessions are counted. Source: report, F01, F02, F16, F19, F50, F54; P22 and P23 for job fairs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import text

from chassis.ground.clock import end_of
from chassis.store.work import Work
from contracts.figures import counted

_ACTIVITIES = text("select count(*) from activities where programme = :programme and held_at < :until")
_SESSIONS = text(
    "select count(*) from activities a join sessions s on s.activity_id = a.id"
    " where a.programme = :programme and a.held_at < :until"
)
#: Figure → the programme it counts, and what of it.
_COUNTS = {
    "talks.held": ("talks", _ACTIVITIES),
    "visits.held": ("visits", _ACTIVITIES),
    "job_fairs.held": ("job_fairs", _ACTIVITIES),
    "startup_activities.held": ("startup_activities", _SESSIONS),
    "startup_trainings.held": ("startup_trainings", _SESSIONS),
    "lectures.held": ("lectures", _SESSIONS),
    "matchmaking.held": ("matchmaking", _SESSIONS),
}


def count_figures(work: Work, *, as_of: dt.date | None = None, keys: Collection[str] | None = None) -> dict[str, Any]:
    """events' figures, or those of `keys` it has, as of the end of the day `as_of` (today without one)."""
    day = as_of or work.today
    return {"items": [_item(work, key, day) for key in _COUNTS if keys is None or key in keys]}


def _item(work: Work, key: str, day: dt.date) -> dict[str, Any]:
    programme, statement = _COUNTS[key]
    count = work.session.execute(statement, {"programme": programme, "until": end_of(day)}).scalar_one()
    return counted(key, count, as_of=day)
