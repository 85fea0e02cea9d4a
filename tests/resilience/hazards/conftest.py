"""What the hazard tests share: both diaries, on a vhost and a database of their own for each module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from chassis import migrations
from tests.conftest import Broker
from tests.resilience.hazards.diaries import KINDS, Diary, proxy_of
from tests.resilience.hazards.notebook import TABLES
from tests.resilience.proxy import Proxy


@pytest.fixture
def diary(
    kind: str, fresh_database: Callable[[str], str], vhost: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Diary]:
    """The diary of the test's kind, with no process yet."""
    made = KINDS[kind](fresh_database("diary"), vhost, tmp_path_factory.mktemp(kind))
    with made.engine.begin() as connection:
        connection.exec_driver_sql(TABLES)
        if kind == "chassis":
            connection.exec_driver_sql(migrations.frozen_sql("0001_messaging"))
    yield made
    made.close()


@pytest.fixture
def proxy(diary: Diary) -> Iterator[Proxy]:
    """A proxy in front of the broker; a process started with ``AMQP_URI=proxy.uri(diary.amqp_uri)`` goes through it."""
    made = proxy_of(diary.amqp_uri)
    yield made
    made.close()


__all__ = ["Broker", "diary", "proxy"]
