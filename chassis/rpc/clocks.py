"""How far the clocks of callers are from ours, and how long a caller still waits whatever its clock says.

Lives here: the estimate, from the requests themselves. Not here: what becomes of a request in time or late (``requests``).

A request names the deadline by its caller's clock, and in its expiration how long it may take in all. The broker drops what has
waited that long in a queue, so what arrives was sent less than that ago. By how much more or less our clock says so is the
difference of the two clocks. Within this the way of the fastest request counts as no time: it came straight through. What may
have lain in the socket while this process stood still (stopped, swapped out) says nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

#: For so long the fastest request counts; then that of the next such window too, and it is forgotten after both.
WINDOW_SECONDS = 10.0
#: How often a process shows that it runs, the pause after which it has stood still, and for how long that counts.
TICK_SECONDS, STALL_SECONDS, AFTER_SECONDS = 0.1, 0.3, 1.0
#: A caller that has been silent for so long is not counted any more.
SILENT_SECONDS = 300.0
MOST_CALLERS = 256


class _Caller:
    """`fastest` is the least of what requests seem to have taken to come here in this window, `before` in the one before."""

    __slots__ = ("before", "fastest", "since")

    def __init__(self, now: float) -> None:
        self.before = self.fastest = math.inf
        self.since = now

    def note(self, taken: float, now: float) -> None:
        if now - self.since > WINDOW_SECONDS:
            self.before, self.fastest, self.since = self.fastest, math.inf, now
        self.fastest = min(self.fastest, taken)

    def ahead(self, allowed: float) -> float:
        """How far our clock is ahead of this caller's, negative where it is behind.

        A new caller's requests may have waited all the same: until the first window has passed, only what contradicts the broker
        counts.
        """
        least = min(self.before, self.fastest)
        is_contradiction = least < 0 or least >= allowed
        return least if least < math.inf and (is_contradiction or self.before < math.inf) else 0.0


class Clocks:
    """The clocks of the callers of a process, each known by its reply address, which is of one connection."""

    def __init__(
        self, *, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._callers: dict[str, _Caller] = {}
        self._ticked_at, self._stalled_at, self._stall = math.inf, -math.inf, 0.0

    def tick(self) -> None:
        """To be called every TICK_SECONDS: a late call shows that the process stood still."""
        now = self._monotonic()
        if now - self._ticked_at > STALL_SECONDS:
            self._stalled_at, self._stall = now, now - self._ticked_at
        self._ticked_at = now

    def _stood_still(self, now: float) -> float:
        """For how many seconds the process stood still just now."""
        late = now - self._ticked_at
        if late > STALL_SECONDS:
            return late
        return self._stall if now - self._stalled_at < AFTER_SECONDS else 0.0

    def seconds_left(self, caller: str, deadline: float, allowed: float, *, came_through: bool) -> float:
        """How long `caller` waits from now on, never more than `allowed`; zero or less where it has left.

        :param came_through: a worker was free, so the request has waited nowhere, and its way tells of the clocks.
        """
        now = self._monotonic()
        known = self._callers.get(caller)
        if known is None:
            if len(self._callers) >= MOST_CALLERS:
                del self._callers[next(iter(self._callers))]
            known = self._callers[caller] = _Caller(now)
        taken = self._wall() - (deadline - allowed)
        stall = self._stood_still(now)
        if came_through and (not stall or taken > allowed + stall):
            known.note(taken, now)
        ahead = known.ahead(allowed)
        return min(allowed, allowed - (taken - ahead))

    def worst(self) -> float:
        """How far our clock is ahead of that of the caller it differs most from, of those heard of lately."""
        heard = self._monotonic() - SILENT_SECONDS
        lately = (one.ahead(math.inf) for one in list(self._callers.values()) if one.since > heard)
        return max(lately, key=abs, default=0.0)
