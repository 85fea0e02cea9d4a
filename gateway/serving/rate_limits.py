"""Limits on requests: a share per client; and on failures, where no client is known yet.

Whoever gets a secret or a token wrong uses up the share of that client id at that address, and a little of the much wider one
of the address. Requests that succeed are counted against neither: a client behind a shared address is not locked out
by another's mistakes.

Lives here: the policies, counting against them, and what a response says of them in the fields of
draft-ietf-httpapi-ratelimit-headers-11, whose syntax may still move. Not here: how large a request may be (``body_limits``).

Counts lie in the worker's memory, so each worker gives everybody the whole share; in GATEWAY_RATE_STORE, a Redis, all workers
of all gateways count together. While that is away each worker counts for itself again.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, g, request
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from prometheus_client import Counter

from gateway.http.problems import Problem

log = logging.getLogger(__name__)

CLIENT, IMPORTS, CREDENTIALS, ADDRESS = "client", "imports", "credentials", "address"
POLICIES = (CLIENT, IMPORTS, CREDENTIALS, ADDRESS)
#: No id is longer; what is sent instead of one need not be kept whole.
LONGEST_ID = 80
STORE_SECONDS = 0.25
#: A store that did not answer is left alone for so long.
AWAY_SECONDS = 5.0
_store_failures = Counter("youthcity_rate_store_failures_total", "Times the rate limits' store did not answer")
_refused = Counter("youthcity_rate_limited_total", "Requests over a share", ["policy"])


class QuotaExceeded(Problem):
    """More requests than the policy gives this client, or this address, in its window."""

    status = 429
    code = "quota_exceeded"
    type = "https://iana.org/assignments/http-problem-types#quota-exceeded"
    zh = "请求过于频繁，请在 {seconds} 秒后重试。"
    en = "Too many requests. Try again in {seconds} seconds."


@dataclass(frozen=True)
class Spent:
    """What is left to one client of one policy: requests, and seconds until some of its share is given back."""

    remaining: int
    seconds: int


#: Asks a limiter of a policy and somebody: whether it is allowed, and what is left.
Question = Callable[[SlidingWindowCounterRateLimiter, str, RateLimitItem, str], tuple[bool, Spent]]


class RateLimits:
    """Counts requests against policies.

    :param policies: policy → "6000/minute", or "" for as many as one likes.
    :param store: the URI of a shared store (``redis://…``), or "" for this process's memory.
    """

    def __init__(self, policies: Mapping[str, str], store: str) -> None:
        self.items: dict[str, RateLimitItem] = {name: parse(policies[name]) for name in POLICIES if policies.get(name)}
        self._memory = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = SlidingWindowCounterRateLimiter(_connected(store)) if store else None
        self._away_until = 0.0

    def spend(self, policy: str, who: str) -> None:
        """Count one request of `who`. Raises QuotaExceeded."""
        self._ask(policy, who, _hit)

    def require(self, policy: str, who: str) -> None:
        """Count nothing. Raises QuotaExceeded where `who` has nothing left."""
        self._ask(policy, who, _test)

    def _ask(self, policy: str, who: str, question: Question) -> None:
        item = self.items.get(policy)
        if item is None:
            return
        is_allowed, spent = self._answered(question, policy, item, who)
        _spent()[policy] = spent
        if not is_allowed:
            _refused.labels(policy).inc()
            raise QuotaExceeded(
                seconds=spent.seconds,
                headers={"Retry-After": str(spent.seconds)},
                members={"violated-policies": [policy]},
            )

    def _answered(self, question: Question, policy: str, item: RateLimitItem, who: str) -> tuple[bool, Spent]:
        if self._shared is not None and time.monotonic() >= self._away_until:
            try:
                return question(self._shared, policy, item, who)
            except StorageError as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                _store_failures.inc()
                log.warning("the rate limits' store is away, every worker counts for itself: %s", error)
        return question(self._memory, policy, item, who)

    def written(self, policy: str) -> str:
        """A policy as RateLimit-Policy lists it: its name, its share and its window in seconds."""
        item = self.items[policy]
        return f'"{policy}";q={item.amount};w={item.get_expiry()}'


def _connected(store: str) -> Any:
    timeouts = {"socket_timeout": STORE_SECONDS, "socket_connect_timeout": STORE_SECONDS} if "redis" in store else {}
    return storage_from_string(store, wrap_exceptions=True, **timeouts)


def _hit(limiter: SlidingWindowCounterRateLimiter, policy: str, item: RateLimitItem, who: str) -> tuple[bool, Spent]:
    return limiter.hit(item, policy, who), _left(limiter, policy, item, who)


def _test(limiter: SlidingWindowCounterRateLimiter, policy: str, item: RateLimitItem, who: str) -> tuple[bool, Spent]:
    return limiter.test(item, policy, who), _left(limiter, policy, item, who)


def _left(limiter: SlidingWindowCounterRateLimiter, policy: str, item: RateLimitItem, who: str) -> Spent:
    reset_at, remaining = limiter.get_window_stats(item, policy, who)
    return Spent(remaining, max(1, math.ceil(reset_at - time.time())))


def _spent() -> dict[str, Spent]:
    if "rate_spent" not in g:
        g.rate_spent = {}
    return g.rate_spent  # type: ignore[no-any-return]


def spend(policy: str, who: str) -> None:
    """Count one request of `who` against a policy. Raises QuotaExceeded."""
    _limits().spend(policy, who)


def _limits() -> RateLimits:
    limits: RateLimits = current_app.extensions["rate_limits"]
    return limits


def require_share_of_address() -> None:
    """Raise QuotaExceeded where too much has failed from this request's address."""
    _limits().require(ADDRESS, _address())


def spend_of_address() -> None:
    """Count a failure from this request's address. Raises QuotaExceeded."""
    spend(ADDRESS, _address())


def require_share_of_credentials(client_id: str) -> None:
    """Raise QuotaExceeded where this address has got the secret of `client_id` wrong too often."""
    _limits().require(CREDENTIALS, _pair(client_id))


def spend_of_credentials(client_id: str) -> None:
    """Count a wrong secret of `client_id` from this address. Raises QuotaExceeded."""
    spend(CREDENTIALS, _pair(client_id))


def _pair(client_id: str) -> str:
    return f"{client_id[:LONGEST_ID]} {_address()}"


def _address() -> str:
    return request.remote_addr or "unknown"


def add_fields(response: Response) -> None:
    """Say what this request was counted against, and what is left."""
    spent: dict[str, Spent] = g.get("rate_spent", {})
    if not spent:
        return
    response.headers["RateLimit-Policy"] = ", ".join(_limits().written(policy) for policy in spent)
    response.headers["RateLimit"] = ", ".join(
        f'"{policy}";r={one.remaining};t={one.seconds}' for policy, one in spent.items()
    )
