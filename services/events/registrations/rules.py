"""The states of a registration, and how a seat that comes free is given on.

A session has `capacity` seats. Confirmed registrations and open offers hold one each; the others wait, in the order they
came. Who comes while somebody waits joins the queue, even if a seat is free at that moment.
"""

from __future__ import annotations

import datetime as dt

CONFIRMED, WAITING, OFFERED = "confirmed", "waiting", "offered"
REFUSED, LAPSED, CANCELLED, VOIDED = "refused", "lapsed", "cancelled", "voided"
#: Those that are over, as a Chinese sentence names them.
CHINESE = {REFUSED: "已放弃", LAPSED: "逾期未确认", CANCELLED: "已取消", VOIDED: "因活动取消而失效"}

#: One of these at most per person and activity.
LIVE = (CONFIRMED, WAITING, OFFERED)
#: These hold a seat.
SEATED = (CONFIRMED, OFFERED)

AUTOMATIC, OFFER = "automatic", "offer"


def gift_of(
    promotion: str, *, offer_hours: int, starts_at: dt.datetime, now: dt.datetime
) -> tuple[str, dt.datetime | None]:
    """What the next in the queue gets: a seat at once, or an offer and when it lapses.

    No offer outlives the beginning of the session; once it has begun nobody is asked any more.
    """
    if promotion == AUTOMATIC or starts_at <= now:
        return CONFIRMED, None
    return OFFERED, min(now + dt.timedelta(hours=offer_hours), starts_at)


def is_still_offered(offer_expires_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether an offer can still be accepted."""
    return offer_expires_at is not None and now < offer_expires_at
