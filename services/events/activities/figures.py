"""The figures events can count from its own records, as of a day in Shanghai: activities held, by the programme of their
kind.

An activity counts from the day it was recorded as held, so nothing recorded later changes a past day. Where the report
counts in 场次, sessions are counted, but those that were cancelled. Source: report, F01, F02, F16, F19, F50, F54; P22 and P23
for job fairs.
"""

from __future__ import annotations

from sqlalchemy import text

from chassis.store.figures import Count

_ACTIVITIES = text(
    """
    select count(*) from activities where programme = :programme and held_at < :until
    """
)
_SESSIONS = text(
    """
    select count(*) from activities a join sessions s on s.activity_id = a.id
    where a.programme = :programme and a.held_at < :until and s.state = 'scheduled'
    """
)

COUNTS = {
    "talks.held": Count(_ACTIVITIES, programme="talks"),
    "visits.held": Count(_ACTIVITIES, programme="visits"),
    "job_fairs.held": Count(_ACTIVITIES, programme="job_fairs"),
    "startup_activities.held": Count(_SESSIONS, programme="startup_activities"),
    "startup_trainings.held": Count(_SESSIONS, programme="startup_trainings"),
    "lectures.held": Count(_SESSIONS, programme="lectures"),
    "matchmaking.held": Count(_SESSIONS, programme="matchmaking"),
}
