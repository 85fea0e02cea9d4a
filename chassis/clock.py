"""The clock: aware UTC instants, and the city's day. Rules take both as arguments and never ask here."""

from __future__ import annotations

import datetime as dt

#: China has kept this offset without summer time since 1991.
SHANGHAI = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")


def now() -> dt.datetime:
    """This moment, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def shanghai_day(at: dt.datetime) -> dt.date:
    """The city's calendar day at an aware instant."""
    return at.astimezone(SHANGHAI).date()
