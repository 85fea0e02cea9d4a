"""The database of a service, as nameko injects it into each worker.

Lives here: engines per lane, and the caller of a unit of work from the headers of its message. Not here: the unit of work
itself (``work``), publishing (``relay``).
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

from nameko.extensions import DependencyProvider, SharedExtension
from sqlalchemy import Engine

from chassis.events.relay import Relay
from chassis.ground import clock, lanes
from chassis.ground.settings import ServiceSettings
from chassis.keys.rings import read_keyring
from chassis.rpc import calls
from chassis.store.database import make_engine
from chassis.store.housekeeping import ROUND_SECONDS, keep_house
from chassis.store.work import PLATFORM, Caller, Work, open_reading, open_work

log = logging.getLogger(__name__)

SPARE_CONNECTIONS = 2


class Engines(SharedExtension):  # type: ignore[misc]
    """The database of a process: connections for each lane, and the relay that publishes what is committed.

    A lane has as many connections as it has workers and a few more: a full lane starves no other.
    """

    relay = Relay()

    def setup(self) -> None:
        settings = self.container.config["settings"]
        self._of_lane: dict[str, Engine] = {
            lane: make_engine(
                settings.database_url,
                pool_size=self.container.config["workers"][lane] + SPARE_CONNECTIONS,
                name=f"{self.container.service_name}.{lane}",
                statement_timeout_seconds=settings.statement_timeout_seconds,
            )
            for lane in self.container.lanes
            if lane != lanes.RELAY
        }
        self._audit_months = settings.audit_months
        self._rebuilding = bool(self.container.config.get("rebuilding"))
        self._fingerprint_keys = _fingerprint_keys(settings) if lanes.RPC in self._of_lane else ()
        self._stopped = threading.Event()

    def start(self) -> None:
        if lanes.TIMERS in self._of_lane:
            self.container.spawn_managed_thread(self._keep_house, identifier="housekeeping")

    def stop(self) -> None:
        self._stopped.set()
        for engine in self._of_lane.values():
            engine.dispose()

    def lane(self, lane: str, caller: Caller = PLATFORM) -> BoundDatabase:
        """The database for work of a lane; the platform's own where no caller is named."""
        return BoundDatabase(
            self._of_lane[lane], caller, self.relay.wake, self._fingerprint_keys, rebuilding=self._rebuilding
        )

    def any_lane(self) -> BoundDatabase | None:
        """The database for what belongs to no lane; None in a process of the relay alone, which has no workers."""
        return next((self.lane(lane) for lane in self._of_lane), None)

    def _keep_house(self) -> None:
        while not self._stopped.is_set():
            try:
                more = keep_house(self._of_lane[lanes.TIMERS], clock.now(), audit_months=self._audit_months)
            except Exception:
                log.exception("housekeeping failed")
                more = False
            self._stopped.wait(0 if more else ROUND_SECONDS)


class Database(DependencyProvider):  # type: ignore[misc]
    """``database = Database()`` in a service gives its workers ``self.database.work()`` and ``.reading()``."""

    engines = Engines()

    def setup(self) -> None:
        self._trusted = self.container.config["settings"].trusted_broker_users

    def get_dependency(self, worker_ctx: Any) -> BoundDatabase:
        lane = getattr(worker_ctx.entrypoint, "lane", lanes.RPC)
        return self.engines.lane(lane, _caller(worker_ctx.data, self._trusted) if lane == lanes.RPC else PLATFORM)


class BoundDatabase:
    """The database as one worker sees it: its lane's connections, its caller. While the service is `rebuilding`, all
    work is a replay.
    """

    def __init__(
        self,
        engine: Engine,
        caller: Caller,
        on_commit: Any,
        fingerprint_keys: tuple[bytes, ...] = (),
        *,
        rebuilding: bool = False,
    ) -> None:
        self.engine = engine
        self.caller = caller
        self._on_commit = on_commit
        self._fingerprint_keys = fingerprint_keys
        self._rebuilding = rebuilding

    @contextlib.contextmanager
    def work(self, *, caller: Caller | None = None, replay: bool = False) -> Iterator[Work]:
        """One transaction; see ``chassis.store.work.open_work``."""
        replay = replay or self._rebuilding
        with open_work(self.engine, caller=caller or self.caller, replay=replay, on_commit=self._on_commit) as work:
            work.fingerprint_keys = self._fingerprint_keys
            yield work

    @contextlib.contextmanager
    def reading(self) -> Iterator[Work]:
        """A unit of work that commits nothing."""
        with open_reading(self.engine, caller=self.caller) as work:
            yield work


def _fingerprint_keys(settings: ServiceSettings) -> tuple[bytes, ...]:
    """The keyring ``idempotency``, the current key first; none for a throwaway process in dev that has no such file."""
    if settings.is_dev and not (settings.key_dir / "idempotency.json").exists():
        return ()
    ring = read_keyring(settings.key_dir, "idempotency", is_dev=settings.is_dev)
    return ring.current_key, *(key for key_id, key in ring.keys.items() if key_id != ring.current)


def _caller(headers: dict[str, Any], trusted_users: frozenset[str]) -> Caller:
    return Caller(
        client_id=str(headers.get(calls.CLIENT, "unknown")),
        department=str(headers.get(calls.DEPARTMENT, "unknown")),
        request_id=str(headers.get(calls.REQUEST_ID, "")),
        idempotency_key=headers.get(calls.IDEMPOTENCY_KEY),
        trusted=calls.is_trusted(headers.get(calls.USER_ID), trusted_users),
        broker_user=headers.get(calls.USER_ID),
        client_type=str(headers.get(calls.CLIENT_TYPE, "system")),
        scopes=frozenset(str(headers.get(calls.SCOPES, "")).split()),
        subject=headers.get(calls.SUBJECT),
        bound_to=frozenset(str(headers.get(calls.BOUND_TO, "")).split()),
        purpose=headers.get(calls.PURPOSE),
    )
