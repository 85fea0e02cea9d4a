"""The law of the gate: which scan is admitted, and why one is not. Policy numbers come with the scheme."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class ScanFacts:
    """What is known of a pass at the day of a scan."""

    state: str
    scheme_holds: bool
    facts_hold: bool
    place_serves: bool


def refusal_of(facts: ScanFacts) -> str | None:
    """The code of the first reason to refuse, or None; the limit is not checked here, its unique slot decides."""
    if not facts.scheme_holds:
        return "perks.scheme_not_valid"
    if facts.state != "active":
        return "perks.entitlement_suspended"
    if not facts.facts_hold:
        return "perks.not_eligible_now"
    if not facts.place_serves:
        return "perks.place_not_served"
    return None


def window_of(limit_window: str, day: dt.date) -> str:
    """The name of the window a scan falls into: its day in Shanghai, or one window for ever."""
    return day.isoformat() if limit_window == "shanghai_day" else "ever"


def scope_of(limit_per: str, place_id: str) -> str:
    """What the limit counts by: the place, or the whole scheme."""
    return place_id if limit_per == "place" else "scheme"
