"""Ids: UUIDv7 (RFC 9562), so that new rows land at the end of an index and sort by their time."""

from __future__ import annotations

import os
import random
import threading
import time
import uuid

_turn = threading.Lock()
_random = random.Random(os.urandom(32))
os.register_at_fork(after_in_child=lambda: _random.seed(os.urandom(32)))
_last_millisecond = 0
_last_random = 0


def uuid7() -> uuid.UUID:
    """A new id: 48 bits of Unix milliseconds, then 74 random bits; within a process each is greater than the last."""
    global _last_millisecond, _last_random
    with _turn:
        millisecond = time.time_ns() // 1_000_000
        if millisecond > _last_millisecond:
            _last_millisecond, _last_random = millisecond, _random.getrandbits(73)
        else:  # the same millisecond, or a clock set back: count on from the last
            _last_random += 1 + _random.getrandbits(32)
        upper, lower = _last_random >> 62, _last_random & ((1 << 62) - 1)
        value = _last_millisecond << 80 | 0x7 << 76 | upper << 64 | 0x2 << 62 | lower
    return uuid.UUID(int=value)
