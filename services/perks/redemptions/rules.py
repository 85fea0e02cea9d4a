"""The law of the gate: which scan is admitted, and why one is not. Policy numbers come with the scheme."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

#: Refusals at the gate: code → what the gate shows.
REASONS: dict[str, dict[str, str]] = {
    "perks.limit_reached": {
        "zh-CN": "凭证在当前时段内的可用次数已用完，不能再次入园。",
        "en": "This pass has been used as often as it may be here for now.",
    },
    "perks.entitlement_suspended": {"zh-CN": "该权益已暂停。", "en": "The entitlement is suspended."},
    "perks.not_eligible_now": {
        "zh-CN": "持有人当日不再符合条件（学籍或任职已结束）。",
        "en": "The holder's enrolment or post does not cover this day.",
    },
    "perks.place_not_served": {
        "zh-CN": "该景区当日不对持有人所在单位免首道门票。",
        "en": "This place does not serve the holder's institution on this day.",
    },
    "perks.scheme_not_valid": {"zh-CN": "该政策当日不在有效期内。", "en": "The scheme is not valid on this day."},
}


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
