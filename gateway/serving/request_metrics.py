"""Metrics of HTTP requests: rate, errors, duration, by route and never by path; and of the connections they come by."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

_requests = Histogram(
    "youthcity_http_seconds",
    "HTTP requests answered",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
displaced = Counter("youthcity_connections_displaced_total", "Slow connections that made place for newer ones")
_children: dict[tuple[str, str, int], Histogram] = {}
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request."""
    key = (method if method in _METHODS else "other", route, status)
    child = _children.get(key)
    if child is None:
        child = _children[key] = _requests.labels(*key)
    child.observe(seconds)
