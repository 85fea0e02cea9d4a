"""The law of the door: which scan admits, and why one does not. That a registration is admitted once is held by an index."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from contracts.scans import ScanTimes


@dataclass(frozen=True)
class ScanFacts:
    """What is known of a ticket at a scan."""

    state: str
    activity_state: str
    session_state: str
    starts_at: dt.datetime
    ends_at: dt.datetime


def refusal_of(facts: ScanFacts, *, at: dt.datetime, times: ScanTimes) -> str | None:
    """The code of the first reason to refuse, or None; earlier use is not checked here."""
    if facts.activity_state == "cancelled":
        return "events.activity_called_off"
    if facts.state != "confirmed":
        return "events.no_seat"
    if facts.activity_state not in ("open", "closed", "held"):
        return "events.books_closed"
    if facts.session_state == "cancelled":
        return "events.session_called_off"
    if at < facts.starts_at - times.early:
        return "events.doors_not_open"
    if at >= facts.ends_at:
        return "events.session_over"
    return None
