"""The clock: aware UTC instants, and the city's day. Rules take both as arguments and never read it here."""

from __future__ import annotations

import datetime as dt

from contracts.language.schema import SHANGHAI

__all__ = ["SHANGHAI", "end_of", "now", "run_ahead", "shanghai_day"]

_ahead = dt.timedelta()


def now() -> dt.datetime:
    """This moment, aware, in UTC."""
    return dt.datetime.now(dt.UTC) + _ahead


def run_ahead(seconds: float) -> None:
    """Let this process live in the future, to try out what a date brings. For dev and tests; settings refuse it in prod."""
    global _ahead
    _ahead = dt.timedelta(seconds=seconds)


def shanghai_day(at: dt.datetime) -> dt.date:
    """The city's calendar day at an aware instant."""
    return at.astimezone(SHANGHAI).date()


def end_of(day: dt.date) -> dt.datetime:
    """The instant the city's calendar day ends; no longer part of it."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), SHANGHAI)
