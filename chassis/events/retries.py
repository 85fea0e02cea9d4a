"""Which way a failed message goes: counted attempts, uncounted waits, our own headers for both.

Lives here: the decision. Not here: taking it there (``events``), the tiers' names and queues (``topology``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import eventlet

from chassis.store.database import is_transient

ATTEMPTS, WAITS = "youthcity.attempts", "youthcity.waits"


class LeftToTheBroker(Exception):
    """The process ends or the connection is gone: what is not settled comes again."""


class UnknownType(Exception):
    """An event of a type the handler does not hear. A newer process of its service may, during an upgrade."""


@dataclass(frozen=True)
class Way:
    """`delay_seconds` of the tier it waits in next, None when it is given up, and the headers it goes on with."""

    attempts: int
    delay_seconds: float | None
    headers: dict[str, Any]


def is_infrastructure_failure(failure: BaseException) -> bool:
    """Whether the database was away or busy, or time ran out; anything else a handler raises counts as an attempt.

    An OSError is the handler's own: it speaks to the database alone, and the broker's faults do not reach it.
    """
    return is_transient(failure) or isinstance(failure, eventlet.Timeout)


def decide_retry(headers: Mapping[str, Any], failure: BaseException, delays: Sequence[float]) -> Way:
    """An attempt is counted unless the failure is one of the infrastructure; then it waits ever longer, and is never given up.

    `delays` has at least one entry for a failure of the infrastructure.
    """
    counts = not is_infrastructure_failure(failure)
    attempts, waits = _number(headers, ATTEMPTS) + counts, _number(headers, WAITS) + (not counts)
    number = attempts if counts else min(waits, len(delays))
    kept = {"traceparent": headers.get("traceparent", ""), ATTEMPTS: attempts, WAITS: waits}
    return Way(attempts, delays[number - 1] if number <= len(delays) else None, kept)


def _number(headers: Mapping[str, Any], name: str) -> int:
    found = headers.get(name)  # a stranger may have written anything there
    return found if isinstance(found, int) and 0 <= found < 2**31 else 0


def reason_of(failure: BaseException) -> str:
    """Why a message was given up, as its dead letter says it: a short word, a colon, and what happened."""
    word = "unknown_type" if isinstance(failure, UnknownType) else type(failure).__name__
    return f"{word}: {failure}"[:500]


def died_at(headers: Mapping[str, Any]) -> str | None:
    """The handler whose queue the broker took a message from at the delivery limit."""
    for death in headers.get("x-death") or []:
        if death.get("reason") == "delivery_limit":
            return str(death.get("queue", "")).removesuffix(".v1")
    return None
