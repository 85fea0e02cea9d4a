"""The lanes of a service: separate workers for requests, events, the relay and timers.

Lives here: their names and their worker pools. A lane that is full or slow takes nothing from its neighbours; ``--lanes``
runs any subset in a process, so each is scaled by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eventlet.greenpool import GreenPool
from eventlet.greenthread import GreenThread

RPC, EVENTS, RELAY, TIMERS = "rpc", "events", "relay", "timers"
ALL_LANES = (RPC, EVENTS, RELAY, TIMERS)


class LanePools:
    """A worker pool per lane. Stands where nameko's container has its single pool."""

    def __init__(self, workers: Mapping[str, int]) -> None:
        self._pools = {lane: GreenPool(size=size) for lane, size in workers.items()}

    def spawn(self, lane: str, work: Callable[..., Any], *args: Any) -> GreenThread:
        """Run `work` in the lane's pool; blocks while all its workers are busy."""
        return self._pools[lane].spawn(work, *args)

    def busy(self, lane: str) -> int:
        """Workers of the lane at work now."""
        return int(self._pools[lane].running())

    def waitall(self) -> None:
        """Block until every worker of every lane has ended."""
        for pool in self._pools.values():
            pool.waitall()
