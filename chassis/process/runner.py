"""Runs one service in one process: patch first, serve the chosen lanes, stop within the grace period whatever happens.

Lives here: the start and the end of a process. Its commands are in ``chassis.process.commands``. nameko's own runner ends at
SIGTERM only when every worker has ended and the broker answers (hazards 1, 21, 22); this one has a deadline for both.

Exit status: 0 stopped cleanly, 70 stopped by force after the grace period, 78 not set up as it
must be: the broker's topology conflicts with ours, or a key is missing, wrong, or a demo key outside dev.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # eventlet announces its own end; ADR 0002 says why we stay
    import eventlet

eventlet.monkey_patch()


import logging
import os
import signal
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from chassis.broker.consumer import LaneConsumer
from chassis.broker.topology import TopologyConflict
from chassis.ground import clock, lanes, tls
from chassis.ground.settings import ServiceSettings
from chassis.keys.rings import KeyProblem
from chassis.process.container import LaneContainer
from chassis.process.health import Health
from chassis.store import migrations
from chassis.store.database import make_engine
from contracts.language import envelope

log = logging.getLogger(__name__)

EXIT_FORCED, EXIT_CONFIGURATION = 70, 78
LAST_SECONDS = 3


class Process:
    """One running service process."""

    def __init__(
        self, service_cls: type, settings: ServiceSettings, active: Sequence[str], *, rebuilding: bool = False
    ) -> None:
        self.settings = settings
        self.rebuilding = rebuilding
        clock.run_ahead(settings.clock_ahead_seconds)
        envelope.check_values(settings.checks_events)
        self.container = LaneContainer(
            service_cls,
            {
                "AMQP_URI": settings.amqp_uri,
                "lanes": tuple(active),
                "rebuilding": rebuilding,
                "workers": {lane: settings.lane_workers.get(lane, 1) for lane in lanes.ALL_LANES},
                "settings": settings,
                "quorum_requests": settings.quorum_requests,
            },
        )
        self._health_engine = make_engine(settings.database_url, pool_size=1, name=f"{settings.name}.health")
        self.health = Health(self._lanes, self._database, port=settings.health_port, host=settings.health_host)

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; returns the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        eventlet.spawn(self.health.serve)
        log.info(
            "%s: lanes %s, health on port %d", self.settings.name, ",".join(self.container.lanes), self.health.port
        )
        self._warn_of_exposed()
        if self.rebuilding:
            log.warning("%s: rebuilding, no person is notified of anything this process does", self.settings.name)
        try:
            self.container.start()
            self.health.starting = False
            self.container.wait()
        except TopologyConflict as conflict:
            log.critical("the code and the broker do not agree: %s", conflict)
            return EXIT_CONFIGURATION
        except KeyProblem as problem:
            log.critical("not started: %s", problem)
            return EXIT_CONFIGURATION
        log.info("%s: stopped", self.settings.name)
        return 0

    def _warn_of_exposed(self) -> None:
        """The addresses of this process whose passwords can be read on the way; in dev nobody minds."""
        settings = self.settings
        uris = {"the database's address": settings.database_url, "the broker's address": settings.amqp_uri}
        if not settings.is_dev:
            tls.warn_of_exposed(uris, settings.private_hosts)

    def _on_signal(self, number: int, frame: Any) -> None:
        if self.health.stopping:
            return
        self.health.stopping = True
        # the kernel ends the process even if the hub is blocked in C code
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(self.settings.grace_seconds) + LAST_SECONDS)
        eventlet.spawn(self._stop)

    def _stop(self) -> None:
        """/readyz says unready already; let what runs end within the grace period, then end the rest."""
        log.info("%s: stopping, %s busy", self.settings.name, self.container.busy_workers())
        with eventlet.Timeout(self.settings.grace_seconds, False):
            self.container.stop()
            return
        log.error(
            "%s: still busy after %.0f s: %s",
            self.settings.name,
            self.settings.grace_seconds,
            self.container.busy_workers(),
        )
        os._exit(EXIT_FORCED)

    def _lanes(self) -> dict[str, str | None]:
        """What is wrong with the lanes that take messages; they are registered once the container has started."""
        return {
            f"{consumer.lane} lane": None if consumer.ready else "not connected to the broker"
            for consumer in self.container.subextensions
            if isinstance(consumer, LaneConsumer) and consumer.entrypoints
        }

    def _database(self) -> str | None:
        try:
            with self._health_engine.connect() as connection:
                connection.execute(text("""select 1"""))
            is_behind = migrations.is_behind(self._health_engine, self.settings.name)
        except Exception as error:
            return f"not reachable: {type(error).__name__}"
        return "migrations are behind this code: run `migrate`" if is_behind else None
