"""How long a caller still waits, whatever its clock says: the estimate by itself, then callers an hour off at a real process."""

from __future__ import annotations

import time
import types
import uuid

import pytest

from chassis.rpc import calls, clocks
from chassis.rpc.client import RpcTimeout
from chassis.rpc.clocks import Clocks
from contracts.language.refusals import Refusal
from tests.support.ledgers import Ledger
from tests.support.waiting import until

ALLOWED = 5.0


class Caller:
    """A caller whose clock is `behind` ours by so many seconds; `tick` lets time pass for both."""

    def __init__(self, behind: float) -> None:
        self.now, self.behind = 1_000_000.0, behind
        self.clocks = Clocks(wall=lambda: self.now, monotonic=lambda: self.now)

    def left(self, *, waited: float = 0.0, came_through: bool = True, allowed: float = ALLOWED) -> float:
        """What the service thinks is left to a request that has waited so long on its way."""
        deadline = self.now - waited - self.behind + allowed
        return self.clocks.seconds_left("a", deadline, allowed, came_through=came_through)

    def tick(self, seconds: float = clocks.WINDOW_SECONDS + 1) -> None:
        self.now += seconds


class TestSecondsLeft:
    @pytest.mark.parametrize("behind", [0.0, 3600.0, -3600.0, 6.0, -0.5])
    def test_are_all_that_was_allowed_for_a_request_that_came_straight_through(self, behind: float) -> None:
        caller = Caller(behind)
        assert caller.left() == pytest.approx(ALLOWED)
        assert caller.left(waited=2) == pytest.approx(ALLOWED - 2)
        assert caller.left(waited=ALLOWED + 1) < 0

    def test_are_never_more_than_was_allowed(self) -> None:
        caller = Caller(-3600.0)
        assert caller.left(came_through=False) == ALLOWED

    def test_take_in_a_small_difference_within_a_window(self) -> None:
        caller = Caller(2.0)
        assert caller.left() == pytest.approx(ALLOWED - 2), "it may as well have waited"
        caller.tick()
        assert caller.left() == pytest.approx(ALLOWED)

    def test_take_no_wait_for_a_difference_while_every_worker_is_busy(self) -> None:
        caller = Caller(0.0)
        caller.left()
        for _ in range(5):
            caller.tick()
            assert caller.left(waited=3, came_through=False) == pytest.approx(ALLOWED - 3)

    def test_are_right_again_soon_after_a_clock_was_set(self) -> None:
        caller = Caller(0.0)
        caller.left()
        caller.behind = 100.0
        for _ in range(3):
            caller.left()
            caller.tick()
        assert caller.left() == pytest.approx(ALLOWED)

    @pytest.mark.parametrize("stood_still", [0.6, 20.0])
    def test_are_none_for_what_lay_here_while_the_process_stood_still(self, stood_still: float) -> None:
        caller = Caller(0.0)
        caller.clocks.tick()
        caller.tick(stood_still)
        for _ in range(2):  # before the process notices, and after
            assert caller.left(waited=stood_still - 0.05, allowed=0.5) < 0
            caller.clocks.tick()
        assert caller.left(allowed=0.5) == pytest.approx(0.5)

    def test_are_all_that_was_allowed_where_no_standing_still_explains_the_difference(self) -> None:
        caller = Caller(3600.0)
        caller.clocks.tick()
        caller.tick(0.6)
        assert caller.left() == pytest.approx(ALLOWED)

    def test_are_counted_for_a_few_hundred_callers_and_no_more(self) -> None:
        caller = Caller(0.0)
        for number in range(3 * clocks.MOST_CALLERS):
            caller.clocks.seconds_left(f"{number}", caller.now + ALLOWED, ALLOWED, came_through=True)
        assert len(caller.clocks._callers) == clocks.MOST_CALLERS


class TestWorst:
    def test_is_of_the_caller_that_differs_most_of_those_heard_lately(self) -> None:
        caller = Caller(-7.0)
        caller.left()
        caller.clocks.seconds_left("b", caller.now + ALLOWED, ALLOWED, came_through=True)
        assert caller.clocks.worst() == pytest.approx(-7.0)
        caller.tick(clocks.SILENT_SECONDS + 1)
        assert caller.clocks.worst() == 0.0


@pytest.mark.parametrize("off", [3600, -3600], ids=["ahead", "behind"])
class TestACallerAnHourOff:
    @pytest.fixture(autouse=True)
    def clock(self, monkeypatch: pytest.MonkeyPatch, off: int) -> None:
        monkeypatch.setattr(calls, "time", types.SimpleNamespace(time=lambda: time.time() + off))

    def test_is_answered(self, ledger: Ledger) -> None:
        process = ledger.start(lanes="rpc")
        for _ in range(3):
            assert ledger.call("echo", {"text": "in time"}) == {"text": "in time"}
        assert ledger.call("write_slowly", {"seconds": 1}, key=uuid.uuid4().hex)
        seen = until(lambda: _skew(ledger, process), seconds=clocks.WINDOW_SECONDS + 10, what="the skew as a metric")
        assert abs(seen) == pytest.approx(3600, abs=5)

    def test_has_no_work_done_after_it_has_left(self, ledger: Ledger) -> None:
        process = ledger.start(lanes="rpc")
        ledger.call("echo", {"text": "warm"})
        with pytest.raises((RpcTimeout, Refusal)):
            ledger.call("write_slowly", {"seconds": 3}, key=uuid.uuid4().hex, timeout=0.5)
        until(lambda: 'youthcity_workers_busy{lane="rpc"} 0.0' in ledger.health(process, "/metrics")[1])
        assert ledger.count("select count(*) from entries") == 0


def _skew(ledger: Ledger, process: object) -> float:
    """What the process says of the skew; it hears from its caller once more, for a new window."""
    ledger.call("echo", {"text": "again"})
    metrics = ledger.health(process, "/metrics")[1]
    return next(
        float(line.split()[1]) for line in metrics.splitlines() if line.startswith("youthcity_clock_skew_seconds ")
    )
