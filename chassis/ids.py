"""Ids: UUIDv7 (RFC 9562), so that new rows land at the end of an index and sort by their time."""

from __future__ import annotations

import os
import threading
import time
import uuid

_turn = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """A new id: 48 bits of Unix milliseconds, then 74 random bits; within a process each is greater than the last."""
    global _last
    with _turn:
        value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
        value = value & ~(0xF000 << 64) | 0x7000 << 64
        value = value & ~(0xC000 << 48) | 0x8000 << 48
        if value <= _last:
            value = _next_after(_last)
        _last = value
    return uuid.UUID(int=value)


def _next_after(value: int) -> int:
    """Count on in the 62 random bits below the variant, far from ever running over."""
    low = (value & ((1 << 62) - 1)) + int.from_bytes(os.urandom(3), "big") + 1
    return (value >> 62 << 62) + (low & ((1 << 62) - 1) if low < 1 << 62 else (1 << 76) + (low & ((1 << 62) - 1)))
