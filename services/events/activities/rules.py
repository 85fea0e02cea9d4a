"""The states of an activity and the moves between them."""

from __future__ import annotations

import datetime as dt

DRAFT, PUBLISHED, OPEN, CLOSED = "draft", "published", "open", "closed"
HELD, REPORTED, CANCELLED = "held", "reported", "cancelled"
#: As a Chinese sentence names them.
CHINESE = {
    DRAFT: "草稿",
    PUBLISHED: "已发布",
    OPEN: "报名中",
    CLOSED: "报名已截止",
    HELD: "已举办",
    REPORTED: "已总结",
    CANCELLED: "已取消",
}

#: A session that is removed is shown to nobody.
SCHEDULED, SESSION_CANCELLED, REMOVED = "scheduled", "cancelled", "removed"

#: Move → (the states it starts from, the state it ends in). An activity without registrations is held from `published`.
MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "publish": ((DRAFT,), PUBLISHED),
    "open": ((PUBLISHED, CLOSED), OPEN),
    "close": ((OPEN,), CLOSED),
    "hold": ((PUBLISHED, OPEN, CLOSED), HELD),
    "report": ((HELD,), REPORTED),
    "cancel": ((DRAFT, PUBLISHED, OPEN, CLOSED), CANCELLED),
}

#: While it may still be changed.
CHANGEABLE = (DRAFT, PUBLISHED, OPEN, CLOSED)
#: While seats that come free go to those who wait.
MOVING = (OPEN, CLOSED)


def has_begun(starts_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether its first session has begun."""
    return starts_at <= now


def moves_into_past(
    before: tuple[dt.datetime, dt.datetime], after: tuple[dt.datetime, dt.datetime], now: dt.datetime
) -> bool:
    """Whether a session (its start and end) that had not begun, or was not over, would have begun or been over by now. The times
    of what is over may be put right.
    """
    return any(new <= now < old for old, new in zip(before, after, strict=True))
