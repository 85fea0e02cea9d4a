"""The law of the door: which scan admits, and why one does not. That a registration is admitted once is held by an index."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class ScanTimes:
    """When a scan may say it was made, counted from when it is heard of, and how long before the start doors open."""

    kept: dt.timedelta
    ahead: dt.timedelta
    early: dt.timedelta


@dataclass(frozen=True)
class ScanFacts:
    """What is known of a ticket at a scan."""

    state: str
    activity_state: str
    starts_at: dt.datetime
    ends_at: dt.datetime


def refusal_of(facts: ScanFacts, *, at: dt.datetime, times: ScanTimes) -> str | None:
    """The code of the first reason to refuse, or None; whether it was used before is not asked here."""
    if facts.activity_state == "cancelled":
        return "events.activity_called_off"
    if facts.state != "confirmed":
        return "events.no_seat"
    if facts.activity_state not in ("open", "closed", "held"):
        return "events.books_closed"
    if at < facts.starts_at - times.early:
        return "events.doors_not_open"
    if at >= facts.ends_at:
        return "events.session_over"
    return None


def is_plausible(at: dt.datetime, *, now: dt.datetime, times: ScanTimes) -> bool:
    """Whether a scan of `at` may be sent now: no further ahead than clocks differ, not older than scans are kept."""
    return now - times.kept <= at <= now + times.ahead
