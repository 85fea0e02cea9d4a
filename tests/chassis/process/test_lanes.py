"""Lanes do not stand in one another's way: requests are answered while events queue up, and each has its own connections."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.broker import topology
from chassis.broker.wire import Wire, user_of
from chassis.ground.clock import now
from chassis.ground.ids import uuid7
from tests.chassis.ledger.service import WRITTEN
from tests.support.ledgers import Ledger
from tests.support.waiting import until

QUEUE = topology.consumer_queue("ledger.on_entry_written")
EVENTS = 10_000
CALLS, CALLERS = 800, 4
#: How often a comparison of two times is made before it is believed: the machine is shared.
TRIES = 4


def event(text: str) -> str:
    """An event as the relay would publish it."""
    data = {"entry_id": str(uuid.uuid4()), "text": text}
    about = {"specversion": "1.0", "id": str(uuid7()), "type": WRITTEN, "subject": data["entry_id"], "sequence": 1}
    return json.dumps({**about, "source": "/test", "time": now().isoformat(), "data": data})


def fill(ledger: Ledger, count: int, text: str) -> None:
    """Put events straight into the handler's queue."""
    wire = Wire(ledger.amqp_uri, name="test.fill", heartbeat=0)
    channel = wire.connection.channel()
    for _ in range(count):
        wire.publish(
            channel,
            event(text),
            exchange="",
            routing_key=QUEUE,
            content_type="application/json",
            user_id=user_of(ledger.amqp_uri),
        )
    wire.close()


def p99(ledger: Ledger) -> float:
    """Seconds in which 99 of 100 calls are answered, several callers at a time."""

    def ask(_: int) -> float:
        started = time.perf_counter()
        ledger.call("echo", {"text": "hello"})
        return time.perf_counter() - started

    with ThreadPoolExecutor(CALLERS) as pool:
        return sorted(pool.map(ask, range(CALLS)))[CALLS * 99 // 100 - 1]


class Pulse:
    """Asks /livez all the time; `slowest` is the longest answer in seconds."""

    def __init__(self, ledger: Ledger) -> None:
        self.slowest, self._stopped = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._beat, args=(ledger,))

    def _beat(self, ledger: Ledger) -> None:
        while not self._stopped.wait(0.05):
            started = time.perf_counter()
            assert ledger.health(ledger.processes[0], "/livez")[0] == 200
            self.slowest = max(self.slowest, time.perf_counter() - started)

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopped.set()
        self._thread.join()


class TestSideBySide:
    def test_ten_thousand_slow_events_do_not_slow_the_answers(self, ledger: Ledger) -> None:
        ledger.start()
        p99(ledger)  # connections are made
        idle = p99(ledger)
        fill(ledger, EVENTS, "slow-hearing 0.05")
        until(lambda: ledger.queue_length(QUEUE) > EVENTS // 2, what="a full queue")
        ratios = []
        with Pulse(ledger) as pulse:
            until(lambda: ledger.count("select count(*) from hearings") > 0, what="the first event")
            while not ratios or (min(ratios) > 2 and len(ratios) < TRIES):
                ratios.append(p99(ledger) / idle)
        assert ledger.queue_length(QUEUE) > 0, "the events were gone before the calls"
        assert min(ratios) <= 2, ratios
        assert pulse.slowest < 1


class TestApart:
    def test_a_process_does_what_its_lanes_say_and_nothing_else(self, ledger: Ledger) -> None:
        ledger.start(lanes="rpc")
        ledger.call("write_entry", {"text": "one"}, key=str(uuid.uuid4()))
        ledger.start(lanes="timers")
        until(lambda: ledger.count("select count(*) from ticks") > 3, what="ticks")
        assert ledger.count("select count(*) from outbox where position is null") == 1  # no relay runs yet
        ledger.start(lanes="relay")
        until(lambda: ledger.queue_length(QUEUE) == 1, what="a published event")
        assert ledger.count("select count(*) from hearings") == 0  # no consumer runs yet
        ledger.start(lanes="events")
        until(lambda: ledger.count("select count(*) from hearings") == 1, what="a hearing")


class TestConnections:
    SHARES = {"rpc": 3, "events": 2, "timers": 1}

    @pytest.fixture
    def busy(self, ledger: Ledger) -> Iterator[Callable[[], dict[str, int]]]:
        """The most connections each lane has had, while all have more to do than they can."""
        ledger.start(**{f"LEDGER_{lane.upper()}_WORKERS": str(count) for lane, count in self.SHARES.items()})
        fill(ledger, 200, "slow-hearing 0.05")
        most: dict[str, int] = {}

        def look() -> dict[str, int]:
            counted = ledger.rows(
                "select application_name, count(*) from pg_stat_activity"
                " where datname = current_database() and application_name like 'ledger.%' group by 1"
            )
            for name, count in counted:
                most[name] = max(most.get(name, 0), count)
            return most

        with ThreadPoolExecutor(20) as pool:
            jobs = [
                pool.submit(ledger.call, "write_slowly", {"seconds": 0.2}, key=str(uuid.uuid4()), timeout=15)
                for _ in range(40)
            ]
            yield look
            for job in jobs:
                job.result()

    def test_are_as_many_as_the_lanes_were_given(self, busy: Callable[[], dict[str, int]]) -> None:
        until(lambda: busy().get("ledger.rpc", 0) >= self.SHARES["rpc"], what="busy rpc workers")
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            most = busy()
        spare = 2  # of each lane, for what is not a worker's: laying a dead letter aside, housekeeping
        for lane, share in self.SHARES.items():
            assert most[f"ledger.{lane}"] <= share + spare, most
        assert sum(most.values()) <= sum(self.SHARES.values()) + 3 * spare + 2, most  # and one of relay, one of health
