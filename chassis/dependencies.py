"""The database of a service, as nameko injects it into each worker.

Lives here: engines per lane, and the caller of a unit of work from the headers of its message. Not here: the unit of work
itself (``work``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from nameko.extensions import DependencyProvider
from sqlalchemy import Engine

from chassis import calls, lanes
from chassis.database import make_engine
from chassis.work import PLATFORM, Caller, Work, open_reading, open_work

SPARE_CONNECTIONS = 2


class Database(DependencyProvider):  # type: ignore[misc]
    """``database = Database()`` in a service gives its workers ``self.database.work()`` and ``.reading()``.

    Each lane has its own connections, as many as it has workers and a few more: a full lane starves no other.
    """

    def setup(self) -> None:
        settings = self.container.config["settings"]
        self._engines: dict[str, Engine] = {}
        for lane in self.container.lanes:
            if lane != lanes.RELAY:
                self._engines[lane] = make_engine(
                    settings.database_url,
                    pool_size=self.container.config["workers"][lane] + SPARE_CONNECTIONS,
                    name=f"{self.container.service_name}.{lane}",
                    statement_timeout_seconds=settings.statement_timeout_seconds,
                )
        self._trusted = settings.trusted_broker_users
        self.container.database = self

    def get_dependency(self, worker_ctx: Any) -> BoundDatabase:
        lane = getattr(worker_ctx.entrypoint, "lane", lanes.RPC)
        caller = _caller(worker_ctx.data, self._trusted) if lane == lanes.RPC else PLATFORM
        return BoundDatabase(self._engines[lane], caller, self._wake_relay)

    def lane(self, lane: str) -> BoundDatabase:
        """The database for work of a lane outside any worker (laying a dead letter aside)."""
        return BoundDatabase(self._engines[lane], PLATFORM, self._wake_relay)

    def _wake_relay(self) -> None:
        relay = getattr(self.container, "relay", None)
        if relay is not None:
            relay.wake()

    def stop(self) -> None:
        for engine in self._engines.values():
            engine.dispose()


class BoundDatabase:
    """The database as one worker sees it: its lane's connections, its caller."""

    def __init__(self, engine: Engine, caller: Caller, on_commit: Any) -> None:
        self.engine = engine
        self.caller = caller
        self._on_commit = on_commit

    @contextlib.contextmanager
    def work(self, *, caller: Caller | None = None, replay: bool = False) -> Iterator[Work]:
        """One transaction; see ``chassis.work.open_work``."""
        with open_work(self.engine, caller=caller or self.caller, replay=replay, on_commit=self._on_commit) as work:
            yield work

    @contextlib.contextmanager
    def reading(self) -> Iterator[Work]:
        """A unit of work that commits nothing."""
        with open_reading(self.engine, caller=self.caller) as work:
            yield work


def _caller(headers: dict[str, Any], trusted_users: frozenset[str]) -> Caller:
    return Caller(
        client_id=str(headers.get(calls.CLIENT, "unknown")),
        department=str(headers.get(calls.DEPARTMENT, "unknown")),
        request_id=str(headers.get(calls.REQUEST_ID, "")),
        idempotency_key=headers.get(calls.IDEMPOTENCY_KEY),
        trusted=calls.is_trusted(headers.get(calls.USER_ID), trusted_users),
    )
