"""The kinds of fault, a function each: wait until there is work to hurt, hurt it, say what work that was.

Lives here: what is done to processes and servers. Not here: when (``schedule``). A function takes the town, whom to strike
and a source of chance, and returns the work it saw in flight, in words; it returns None, and does nothing, when no work came
within AWAIT_SECONDS.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from chassis.broker.topology import source_of
from contracts.catalogue import EVENTS
from tests.resilience.chaos.acknowledged import Patience
from tests.resilience.chaos.ledgers import NO_OUTBOX
from tests.resilience.chaos.servers import owner_of_port
from tests.resilience.chaos.town import GATEWAY, LEDGER, Town

T = TypeVar("T")

AWAIT_SECONDS = 20.0
LOOK_SECONDS = 0.01
#: Longer than finding the process and killing it takes, shorter than the statement timeout.
HOLD_SECONDS = 8


@dataclass
class Scene:
    """Where a fault happens: the town, the clients waiting for answers, whom to strike."""

    town: Town
    patience: Patience
    target: str
    choose: Random

    def until(self, found: Callable[[], T | None]) -> T | None:
        """The first thing found; None when nothing was in time."""
        deadline = time.monotonic() + AWAIT_SECONDS
        while time.monotonic() < deadline:
            if seen := found():
                return seen
            time.sleep(LOOK_SECONDS)
        return None

    def requests(self) -> str | None:
        """Requests clients wait for, if any."""
        asking = self.patience.asking
        return f"{asking} requests" if asking else None

    def transactions(self) -> str | None:
        """Transactions processes are in the middle of, if any."""
        number = len(self.town.servers.open_transactions())
        return f"{number} transactions" if number else None


def kill_process(scene: Scene) -> str | None:
    """SIGKILL to a process in the middle of a transaction, one of each pair of the target, or to the gateway."""
    return _signal(scene, signal.SIGKILL)


def terminate_process(scene: Scene) -> str | None:
    """SIGTERM likewise: it finishes what it has begun and gives back the rest."""
    return _signal(scene, signal.SIGTERM)


def _signal(scene: Scene, number: int) -> str | None:
    if scene.target == GATEWAY:
        if seen := scene.until(scene.requests):
            scene.town.signal(GATEWAY, number)
        return seen and f"{GATEWAY} with {seen}"
    struck = []
    for pair in scene.town.members(scene.target):
        if name := scene.until(lambda pair=pair: scene.town.at_work(pair)):
            scene.town.signal(name, number)
            struck.append(name)
    return f"{', '.join(struck)} in a transaction" if struck else None


def cut_broker_connections(scene: Scene) -> str | None:
    """Every AMQP connection closed by the broker, requests and deliveries on them."""
    seen = scene.until(scene.requests)
    if seen is None:
        return None
    return f"{seen} on {scene.town.servers.cut_connections()} connections"


def kill_database_backends(scene: Scene) -> str | None:
    """Every database session of the platform ended, transactions in them."""
    seen = scene.until(scene.transactions)
    if seen is None:
        return None
    return f"{seen} in {scene.town.servers.kill_backends()} sessions"


def restart_broker(scene: Scene) -> str | None:
    """The broker node killed and started again."""
    if seen := scene.until(scene.requests):
        scene.town.servers.restart_broker()
    return seen


def restart_database(scene: Scene) -> str | None:
    """The database stopped and started again; by turns as an operator does it and by a crash."""
    if seen := scene.until(scene.transactions):
        scene.town.servers.restart_database(crash=scene.choose.random() < 0.5)
    return seen


def kill_relay_before_mark(scene: Scene) -> str | None:
    """SIGKILL to the process whose relay has published a batch and not marked it: a trigger in the run's own database holds
    the marking up until it is dead. A ledger that publishes without an outbox is killed at work instead.
    """
    struck = []
    for pair in scene.town.members(scene.target):
        owner = pair[0].rpartition("-")[0]
        if owner == NO_OUTBOX:
            if name := scene.until(lambda pair=pair: scene.town.at_work(pair)):
                scene.town.signal(name, signal.SIGKILL)
        elif seen := _kill_marker(scene, owner, pair):
            struck.append(seen)
    return "; ".join(struck) or None


def _kill_marker(scene: Scene, owner: str, pair: list[str]) -> str | None:
    servers, url = scene.town.servers, scene.town.databases()[owner]
    with _marking_held(scene.town, owner):
        held = scene.until(lambda: next(iter(servers.rows(url, _MARKING)), None))
        if held is None:
            return None
        published = servers.rows(url, "select count(*) from outbox where position is null")[0][0]
        pids = {scene.town.pid(name): name for name in pair}
        pid = owner_of_port(held.client_port, list(pids))
        if pid is None:
            return None
        scene.town.signal(pids[pid], signal.SIGKILL)
        # the server would notice only at the end of the statement that its client is gone
        servers.rows(url, "select pg_terminate_backend(:session)", session=held.pid)
    return f"{pids[pid]} with {published} events unmarked"


_MARKING = "select pid, client_port from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"


@contextlib.contextmanager
def _marking_held(town: Town, owner: str) -> Iterator[None]:
    url = town.databases()[owner]
    town.servers.rows(
        url,
        f"create function chaos_hold() returns trigger language plpgsql as"
        f" 'begin perform pg_sleep({HOLD_SECONDS}); return null; end'",
    )
    try:
        town.servers.rows(
            url,
            "create trigger chaos_hold before update on outbox for each statement execute function chaos_hold()",
        )
        yield
    finally:
        town.servers.rows(url, "drop function chaos_hold() cascade")


#: Kind, as the summary names it → what is done.
KINDS: dict[str, Callable[[Scene], str | None]] = {
    "kill -9": kill_process,
    "SIGTERM": terminate_process,
    "broker connections cut": cut_broker_connections,
    "database backends killed": kill_database_backends,
    "broker node restarted": restart_broker,
    "database restarted": restart_database,
    "relay killed between publish and mark": kill_relay_before_mark,
}


def targets_of(kind: str, town: Town) -> list[str]:
    """Whom a kind may strike, in their order; where it strikes a server, that is everybody. Some services announce nothing, and
    a relay's death comes to the ledgers every other time: nothing else makes the one without an inbox double for certain.
    """
    if KINDS[kind] is kill_relay_before_mark:
        announcing = {source_of(event_type) for event_type in EVENTS}
        return [one for target in town.targets if target in announcing for one in (target, LEDGER)]
    return [*town.targets, GATEWAY] if KINDS[kind] in (kill_process, terminate_process) else town.targets
