"""Waiting for a condition in tests. Nothing else waits: no test sleeps for a while and hopes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest


def until(condition: Callable[[], Any], *, seconds: float = 15, what: str = "the condition") -> Any:
    """Wait for a true value and return it; fail with `what` at the deadline."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come true within {seconds} s")
        time.sleep(0.02)
    return found
