"""Every metric the chassis counts, on one screen. No ids and no personal data in a label.

Names follow Prometheus practice: seconds as histograms, totals as counters. The gateway counts its HTTP requests itself.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

_rpc_client = Histogram(
    "youthcity_rpc_client_seconds", "RPC calls sent", ["service", "method", "outcome"], buckets=_BUCKETS
)
_worker = Histogram(
    "youthcity_worker_seconds", "Work done, by lane and entrypoint", ["lane", "entrypoint", "outcome"], buckets=_BUCKETS
)
_workers_busy = Gauge("youthcity_workers_busy", "Workers at work", ["lane"], multiprocess_mode="livesum")
workers_configured = Gauge("youthcity_workers_configured", "Workers a lane has", ["lane"], multiprocess_mode="livesum")
clock_skew = Gauge(
    "youthcity_clock_skew_seconds",
    "How far this clock is ahead of a caller's, of the caller whose clock differs most",
    multiprocess_mode="max",
)
rpc_dropped = Counter("youthcity_rpc_dropped_total", "Requests no caller waits for any more", ["reason"])
events_received = Counter("youthcity_events_received_total", "Event messages taken from the broker", ["consumer"])
events_applied = Counter("youthcity_events_applied_total", "Events whose effect was committed", ["consumer"])
events_repeated = Counter("youthcity_events_repeated_total", "Duplicates the inbox absorbed", ["consumer"])
events_retried = Counter("youthcity_events_retried_total", "Events sent to a retry tier", ["consumer", "tier"])
events_waited = Counter(
    "youthcity_events_waited_total", "Of those, without an attempt counted: they wait for the database", ["consumer"]
)
events_dead = Counter("youthcity_events_dead_total", "Events moved to dead_letters", ["consumer", "reason"])
events_paused = Counter(
    "youthcity_events_paused_total", "Pauses while the database fails or time runs out", ["consumer"]
)
events_given_back = Counter(
    "youthcity_events_given_back_total", "Events held for too long and delivered again by the broker", ["consumer"]
)
outbox_published = Counter("youthcity_outbox_published_total", "Outbox rows published and confirmed")
outbox_unroutable = Counter(
    "youthcity_outbox_unroutable_total", "Events that reached no queue although a subscriber is expected"
)
outbox_backlog = Gauge("youthcity_outbox_backlog", "Outbox rows not yet published", multiprocess_mode="max")
outbox_age = Gauge("youthcity_outbox_oldest_seconds", "Age of the oldest unpublished row", multiprocess_mode="max")
outbox_held = Gauge(
    "youthcity_outbox_held", "Outbox rows that reached no queue and wait for one", multiprocess_mode="max"
)
lane_ready = Gauge("youthcity_lane_ready", "1 when the lane's consumer is connected", ["lane"], multiprocess_mode="min")

_busy_children: dict[str, Gauge] = {}
_client_children: dict[tuple[str, str, str], Histogram] = {}
_worker_children: dict[tuple[str, str, str], Histogram] = {}


def rpc_client_seconds(service: str, method: str, outcome: str, seconds: float) -> None:
    """Count one RPC call sent; outcome is answered, refused, unknown or failed."""
    key = (service, method, outcome)
    child = _client_children.get(key)
    if child is None:
        child = _client_children[key] = _rpc_client.labels(*key)
    child.observe(seconds)


def worker_seconds(lane: str, entrypoint: str, outcome: str, seconds: float) -> None:
    """Count one piece of work done; outcome is done, refused or failed."""
    key = (lane, entrypoint, outcome)
    child = _worker_children.get(key)
    if child is None:
        child = _worker_children[key] = _worker.labels(*key)
    child.observe(seconds)


def busy_workers(lane: str) -> Gauge:
    """The gauge of one lane's workers at work."""
    child = _busy_children.get(lane)
    if child is None:
        child = _busy_children[lane] = _workers_busy.labels(lane)
    return child
