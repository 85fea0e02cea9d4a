"""The clock: aware UTC instants, and the city's day. Rules take both as arguments and never ask here."""

from __future__ import annotations

import datetime as dt

#: China has kept this offset without summer time since 1991.
SHANGHAI = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")


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
