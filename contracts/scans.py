"""When a scan may say it was made: a gate or a door may be offline, and its clock may differ.

Standard library only, so that rules may use it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class ScanTimes:
    """Limits for the time of a scan, counted from its arrival: how old, how far ahead; and how long before the start of a
    session its doors open.
    """

    kept: dt.timedelta
    ahead: dt.timedelta
    early: dt.timedelta = dt.timedelta(0)

    def allow(self, at: dt.datetime, *, now: dt.datetime) -> bool:
        """Whether a scan of `at` may arrive at `now`."""
        return now - self.kept <= at <= now + self.ahead

    def may_follow(self, since: dt.datetime, at: dt.datetime) -> bool:
        """Whether a scan of `at` may have been made after `since`: a clock may be as slow as it may be fast."""
        return at >= since - self.ahead
