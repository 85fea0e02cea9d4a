"""The environment of events beyond what every service reads (``chassis.ground.settings``).

Tickets are signed with the key set ``ticket_signing`` of KEY_DIR.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from environs import Env

from contracts.scans import ScanTimes


@dataclass(frozen=True)
class EventsSettings:
    """What events reads for itself."""

    scan_times: ScanTimes
    """How old a scan may be when an offline scanner sends it, how far its clock may run ahead, and how long before the
    start of a session its doors open."""
    waiting_list_seconds: float
    """How often lapsed offers, free seats, changes to be announced and activities that were called off are looked for."""
    merge_seconds: float
    """How often registrations that a merge of people missed are looked for."""


def load() -> EventsSettings:
    """EVENTS_SCAN_DAYS, default 7; EVENTS_SCAN_AHEAD_MINUTES, 5; EVENTS_DOORS_HOURS, 3; EVENTS_WAITING_LIST_SECONDS, 1;
    EVENTS_MERGE_SECONDS, 60.
    """
    env = Env()
    return EventsSettings(
        scan_times=ScanTimes(
            kept=dt.timedelta(days=env.int("EVENTS_SCAN_DAYS", 7)),
            ahead=dt.timedelta(minutes=env.int("EVENTS_SCAN_AHEAD_MINUTES", 5)),
            early=dt.timedelta(hours=env.int("EVENTS_DOORS_HOURS", 3)),
        ),
        waiting_list_seconds=env.float("EVENTS_WAITING_LIST_SECONDS", 1.0),
        merge_seconds=env.float("EVENTS_MERGE_SECONDS", 60.0),
    )
