"""Processes boot in any order, and SIGTERM ends every one of them within its grace, whatever stands still at that moment."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from deploy.local.throwaway import eventually
from tests.resilience.bad_days import GRACE_SECONDS, BadDays
from tests.support.platforms import MakePlatform
from tests.support.servers import Broker

# as chassis.process.runner has them; importing it would patch this process
EXIT_FORCED, LAST_SECONDS = 70, 3
#: Ended by the kernel's alarm, should even the forced end not come.
ENDED_BY_ALARM = -signal.SIGALRM
STATES = ("broker_frozen", "broker_down", "database_frozen", "database_down", "pool_exhausted")


@pytest.fixture(scope="module")
def days(prepared_platform: MakePlatform, broker: Broker) -> Iterator[BadDays]:
    with prepared_platform("boot") as platform:
        made = BadDays(platform, broker)
        yield made
        made.close()


class TestBoot:
    @pytest.mark.parametrize("last", ["broker", "database"])
    def test_begins_without_its_servers_and_is_ready_when_the_last_one_comes(self, days: BadDays, last: str) -> None:
        proxies = [days.for_gateway, days.for_talent, days.database]
        for proxy in proxies:
            proxy.refuse()
            proxy.cut()
        days.platform.start_service("talent", "talent-0")
        days.platform.start_gateway()
        try:
            for name in ("talent-0", "gateway"):
                eventually(lambda name=name: days.platform.is_alive(name), what=f"{name} alive")
            for proxy in proxies if last == "database" else reversed(proxies):
                assert not days.platform.is_ready("talent-0")
                proxy.allow()
            for name in ("talent-0", "gateway"):
                days.platform.wait_for(name)
            days.login()
            eventually(lambda: days.read().status == 200, seconds=20, what="an answer")
        finally:
            for name in list(days.platform.processes):
                days.platform.stop(name)


class TestSigterm:
    @pytest.mark.parametrize("state", STATES)
    def test_ends_every_process_within_its_grace(self, days: BadDays, state: str) -> None:
        days.start()
        processes = {name: process for name, (process, _) in days.platform.processes.items()}
        try:
            with getattr(days, state)():
                days.write()
                started = time.monotonic()
                for process in processes.values():
                    process.terminate()
                statuses = {
                    name: process.wait(GRACE_SECONDS + LAST_SECONDS + 30) for name, process in processes.items()
                }
                seconds = time.monotonic() - started
        finally:
            for process in processes.values():
                process.kill()
            days.platform.processes.clear()
        assert statuses["talent-0"] in (0, EXIT_FORCED, ENDED_BY_ALARM)
        assert statuses["gateway"] == 0
        assert seconds < GRACE_SECONDS + LAST_SECONDS + 2
