"""Calls let loose at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def at_once(call: Callable[[int], Any], count: int) -> list[Any]:
    """The answers of `count` calls in as many threads, all let go at the same moment; raises what any of them raised."""
    barrier = threading.Barrier(count)

    def meet(number: int) -> Any:
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(meet, range(count)))
