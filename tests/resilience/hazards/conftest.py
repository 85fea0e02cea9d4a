"""What the hazard tests share: both diaries, on a vhost and a database of their own for each module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from chassis.store.migrations import rights
from tests.resilience.hazards.diaries import Diary, proxy_of
from tests.resilience.hazards.kinds import KINDS
from tests.resilience.hazards.notebook import TABLES
from tests.support.chassis_tables import frozen
from tests.support.proxy import Proxy
from tests.support.servers import Broker


@pytest.fixture(scope="module")
def module_diary(
    kind: str, module_database: Callable[[str], str], broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Diary]:
    """The diary of a kind, for all tests of a module."""
    vhost = broker.make_vhost()
    made = KINDS[kind](module_database("diary"), broker.uri(vhost), tmp_path_factory.mktemp(kind))
    with made.engine.begin() as connection:
        connection.exec_driver_sql(TABLES)
        if kind == "chassis":
            connection.exec_driver_sql(frozen())
            rights.settle(connection)
    yield made
    made.close()
    broker.ask("DELETE", f"/vhosts/{vhost}")


@pytest.fixture
def diary(module_diary: Diary) -> Iterator[Diary]:
    """The diary of the test's kind, tidy, with no process but one that serves."""
    yield module_diary
    module_diary.tidy()


@pytest.fixture
def proxy(diary: Diary) -> Iterator[Proxy]:
    """A proxy in front of the broker; a process started with ``AMQP_URI=proxy.uri(diary.amqp_uri)`` goes through it."""
    made = proxy_of(diary.amqp_uri)
    yield made
    made.close()
