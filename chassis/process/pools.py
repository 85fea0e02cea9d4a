"""A worker pool per lane; stands where nameko's container has its single pool."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import greenlet
from eventlet.greenpool import GreenPool
from eventlet.greenthread import GreenThread


class LanePools:
    """The pools of a process, by lane."""

    def __init__(self, workers: Mapping[str, int]) -> None:
        self._pools = {lane: GreenPool(size=size) for lane, size in workers.items()}
        self._beside: set[GreenThread] = set()

    def spawn(self, lane: str, work: Callable[..., Any], *args: Any) -> GreenThread:
        """Run `work` in the lane's pool; blocks while all its workers are busy."""
        return self._pools[lane].spawn(work, *args)

    def busy(self, lane: str) -> int:
        """Workers of the lane at work now."""
        return int(self._pools[lane].running())

    def await_also(self, thread: GreenThread) -> None:
        """Let ``waitall`` wait for a thread beside the workers."""
        self._beside.add(thread)
        thread.link(self._beside.discard)

    def waitall(self) -> None:
        """Block until every worker of every lane has ended, and what was added beside them."""
        while self._beside or any(pool.running() for pool in self._pools.values()):
            for pool in self._pools.values():
                pool.waitall()
            for thread in list(self._beside):
                with contextlib.suppress(Exception, greenlet.GreenletExit):  # nameko ends the container by it
                    thread.wait()
