"""The law of registrations: their states, who may register, and what the next in the waiting list gets.

A session has `capacity` seats. Confirmed registrations and open offers hold one each; the others wait, in the order of
their numbers. While somebody waits, a new registration joins the waiting list even if a seat is free at that moment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

CONFIRMED, WAITING, OFFERED = "confirmed", "waiting", "offered"
REFUSED, LAPSED, CANCELLED, VOIDED, UNPLACED = "refused", "lapsed", "cancelled", "voided", "unplaced"
#: The final states, as a Chinese sentence names them.
CHINESE = {
    REFUSED: "已放弃",
    LAPSED: "逾期未确认",
    CANCELLED: "已取消",
    VOIDED: "因活动取消而失效",
    UNPLACED: "候补未成功",
}

#: At most one registration of a person and activity is in one of these.
LIVE = (CONFIRMED, WAITING, OFFERED)
#: These hold a seat.
SEATED = (CONFIRMED, OFFERED)
#: These have no place when the session is held.
UNDECIDED = (WAITING, OFFERED)

#: Which of two live registrations of one person for one activity stays: the one that is further on.
_FURTHEST_FIRST = (CONFIRMED, OFFERED, WAITING)

AUTOMATIC, OFFER = "automatic", "offer"

#: What an eligibility rule of an activity can name. One affiliation must match everything that one rule names.
RULE_FIELDS = ("role", "organisation_kind", "organisation_id")


def promotion_of(
    promotion: str, *, offer_hours: int, starts_at: dt.datetime, now: dt.datetime
) -> tuple[str, dt.datetime | None]:
    """The state the next in the waiting list moves to, and when an offer lapses.

    No offer outlives the beginning of the session; once it has begun, seats are given without an offer.
    """
    if promotion == AUTOMATIC or starts_at <= now:
        return CONFIRMED, None
    return OFFERED, offer_until(offer_hours, starts_at=starts_at, now=now)


def offer_until(offer_hours: int, *, starts_at: dt.datetime, now: dt.datetime) -> dt.datetime:
    """When an offer made now lapses: no later than the session begins."""
    return min(now + dt.timedelta(hours=offer_hours), starts_at)


def precedence(registration: Mapping[Any, Any]) -> tuple[bool, int, int]:
    """Sorts live registrations by which one stays: checked in, confirmed, offered, waiting, then the lower number (ADR 0022)."""
    is_admitted = registration["checked_in_at"] is not None
    return not is_admitted, _FURTHEST_FIRST.index(registration["state"]), registration["number"]


def is_still_offered(offer_expires_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether an offer can still be accepted."""
    return offer_expires_at is not None and now < offer_expires_at


def is_open_to(rules: Iterable[Mapping[str, Any]] | None, affiliations: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one of the rules matches one of the affiliations that hold; without rules the activity is open to all."""
    if rules is None:
        return True
    held = list(affiliations)
    return any(_matches(rule, affiliation) for rule in rules for affiliation in held)


def _matches(rule: Mapping[str, Any], affiliation: Mapping[str, Any]) -> bool:
    return all(rule.get(name) is None or rule[name] == affiliation[name] for name in RULE_FIELDS)
