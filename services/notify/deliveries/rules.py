"""The law of a delivery (投递): its states, what may befall it in each, and when it is tried again.

::

    due --claimed--> sending --handed_over--> calling --accepted--> delivered
     ^                  |                        |-----refused----> failed
     |---released-------|                        |-----lost-------> outcome_unknown
     |---postponed / not_called------------------|
     |---resent------ failed, outcome_unknown
    sending --withheld--> suppressed

A delivery is ``calling`` before its provider is called and until the outcome is written down. Whoever is killed in
``sending`` has called no provider: it is due again. A sender killed in ``calling`` may have called
one: the outcome is unknown, and only
a clerk has it sent again. A sender that was merely slow may still write down the outcome it knows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

DUE, SENDING, CALLING = "due", "sending", "calling"
DELIVERED, FAILED, SUPPRESSED, UNKNOWN = "delivered", "failed", "suppressed", "outcome_unknown"
STATES = (DUE, SENDING, CALLING, DELIVERED, FAILED, SUPPRESSED, UNKNOWN)
#: As a Chinese sentence names them.
CHINESE = {
    DUE: "待发送",
    SENDING: "准备发送",
    CALLING: "发送中",
    DELIVERED: "已送达",
    FAILED: "发送失败",
    SUPPRESSED: "按规定不发送",
    UNKNOWN: "结果不明",
}

_OUTCOME_MISSING = (CALLING, UNKNOWN)

#: What befalls a delivery → the states it may befall, and the state after.
MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "claimed": ((DUE,), SENDING),
    "released": ((SENDING,), DUE),
    "withheld": ((SENDING,), SUPPRESSED),
    "handed_over": ((SENDING,), CALLING),
    "accepted": (_OUTCOME_MISSING, DELIVERED),
    "refused": (_OUTCOME_MISSING, FAILED),
    "postponed": (_OUTCOME_MISSING, DUE),
    "not_called": (_OUTCOME_MISSING, DUE),
    "lost": (_OUTCOME_MISSING, UNKNOWN),
    "resent": ((FAILED, UNKNOWN), DUE),
}

#: How a call of a provider can end.
OUTCOMES = ("accepted", "refused", "postponed", "not_called", "lost")


def may_befall(happening: str) -> tuple[str, ...]:
    """The states in which it may happen."""
    return MOVES[happening][0]


def after(happening: str) -> str:
    """The state after it has happened."""
    return MOVES[happening][1]


def settle(outcome: str, *, attempts: int, back_off: Sequence[dt.timedelta]) -> tuple[str, dt.timedelta | None]:
    """What the outcome of the `attempts`-th call comes to, and how long to wait where it is tried again.

    One postponed after the last pause of `back_off` is refused: its provider had its chances. One not called after all
    is due again at once.
    """
    if outcome == "postponed":
        return ("postponed", back_off[attempts - 1]) if attempts <= len(back_off) else ("refused", None)
    if outcome == "not_called":
        return "not_called", dt.timedelta()
    return outcome, None
