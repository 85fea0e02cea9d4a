"""Which way a failed message goes, attempt by attempt."""

from __future__ import annotations

from typing import Any

import eventlet
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.events.retries import decide_retry, died_at
from chassis.store.database import CommitUnclear

DELAYS = (5.0, 60.0, 600.0)


def ways(*failures: BaseException) -> list[tuple[int, float | None]]:
    """Attempts counted and the wait that follows, as the message fails again and again."""
    headers: dict[str, Any] = {"traceparent": "00-1-2-01", "x-death": ["much"]}
    found = []
    for failure in failures:
        way = decide_retry(headers, failure, DELAYS)
        headers = way.headers
        found.append((way.attempts, way.delay_seconds))
    assert headers["traceparent"] == "00-1-2-01"
    assert "x-death" not in headers, "a header of the broker's would be sent on"
    return found


class TestNextWay:
    def test_of_a_message_at_fault_leads_through_every_tier_and_ends(self) -> None:
        bug = ValueError("no")
        assert ways(bug, bug, bug, bug) == [(1, 5.0), (2, 60.0), (3, 600.0), (4, None)]

    def test_of_transient_faults_leads_to_ever_longer_waits_and_never_ends(self) -> None:
        faults = [PoolTimeout(), eventlet.Timeout(), CommitUnclear(), PoolTimeout(), PoolTimeout()]
        assert ways(*faults) == [(0, 5.0), (0, 60.0), (0, 600.0), (0, 600.0), (0, 600.0)]

    def test_of_an_error_of_the_handlers_own_input_or_output_ends(self) -> None:
        faults = [FileNotFoundError(), ConnectionResetError(), OSError(), TimeoutError()]
        assert ways(*faults) == [(1, 5.0), (2, 60.0), (3, 600.0), (4, None)]

    def test_counts_the_two_apart(self) -> None:
        bug, fault = ValueError("no"), PoolTimeout()
        assert ways(fault, bug, fault, bug, bug, bug) == [
            (0, 5.0),
            (1, 5.0),
            (1, 60.0),
            (2, 60.0),
            (3, 600.0),
            (4, None),
        ]

    def test_without_tiers_ends_at_the_first_failure(self) -> None:
        assert decide_retry({}, ValueError("no"), ()).delay_seconds is None


class TestDiedAt:
    def test_names_the_handler_the_broker_gave_up_at(self) -> None:
        deaths = [
            {"reason": "expired", "queue": "perks.retry.5s"},
            {"reason": "delivery_limit", "queue": "perks.on_x.v1"},
        ]
        assert died_at({"x-death": deaths}) == "perks.on_x"
        assert died_at({}) is None
