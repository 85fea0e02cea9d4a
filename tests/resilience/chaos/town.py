"""The processes of a chaos run: two of every service and of every ledger, one gateway; what ends is started again. And the
SMTP server their mails go to.

Lives here: starting, ending and watching processes. Not here: the servers under them (``servers``), which one is hurt
(``faults``).
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from deploy.local import processes
from deploy.local.throwaway import ThrowawayPlatform
from tests.resilience.chaos.ledgers import LEDGERS, Ledger
from tests.resilience.chaos.servers import Servers, owner_of_port
from tests.support.platforms import NOTIFY_QUICKLY
from tests.support.smtp_sink import Sink

GATEWAY, LEDGER = "gateway", "ledgers"
EACH = 2
#: Only a deadline: on a machine whose cores many share a start takes minutes.
READY_SECONDS = 240
WATCH_SECONDS = 0.1
#: A claim on an import, and on a mail, outlives its holder by so much; short, so that a run of minutes sees takeovers.
SETTINGS = {
    "TALENT_IMPORT_LEASE_SECONDS": "8",
    "PYTHONUNBUFFERED": "1",
    **NOTIFY_QUICKLY,
    "NOTIFY_LEASE_SECONDS": "15",
    "NOTIFY_ROUND_SECONDS": "5",
    "NOTIFY_RESCUE_SECONDS": "2",
}


class Town:
    """Everything that runs. `targets` names whom a fault may strike: a service, or all ledgers at once."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self.servers = servers
        self.platform = ThrowawayPlatform(folder, servers.make_database, servers.amqp_uri, servers.broker.user)
        self.mails = Sink()
        self.platform.environment |= {**SETTINGS, "NOTIFY_SMTP_URL": self.mails.url}
        self.ledgers = [Ledger(name, module, servers) for name, module in LEDGERS.items()]
        self.services = processes.services()
        self.targets = [*self.services, LEDGER]
        self.ended_alone: Counter[str] = Counter()
        self._starts: dict[str, Callable[[], None]] = {}
        self._signalled: set[str] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._start_again, name="watch", daemon=True)

    def start(self) -> None:
        """Bring everything up; returns when it is ready."""
        for ledger in self.ledgers:
            ledger.prepare()
        self.platform.prepare()
        for number in range(EACH):
            for service in self.services:
                name = f"{service}-{number}"
                self._starts[name] = lambda service=service, name=name: self.platform.start_service(service, name)
            for ledger in self.ledgers:
                name = f"{ledger.name}-{number}"
                self._starts[name] = lambda ledger=ledger, name=name: ledger.spawn(self.platform, name)
        self._starts[GATEWAY] = self.platform.start_gateway
        for start in self._starts.values():
            start()
        self.await_ready()
        self._watch.start()

    def databases(self) -> dict[str, str]:
        """Every database of a service or ledger, by the name of its owner."""
        return self.platform.databases | {ledger.name: ledger.database for ledger in self.ledgers}

    # -- hurting processes

    def members(self, target: str) -> list[list[str]]:
        """The process names of a target, those of one service or ledger together."""
        if target == GATEWAY:
            return [[GATEWAY]]
        owners = [ledger.name for ledger in self.ledgers] if target == LEDGER else [target]
        return [[f"{owner}-{number}" for number in range(EACH)] for owner in owners]

    def pid(self, name: str) -> int:
        return self.platform.processes[name][0].pid

    def signal(self, name: str, number: int) -> None:
        """Send a signal that ends the process; it is started again when it has ended."""
        with self._lock:
            self._signalled.add(name)
            self.platform.processes[name][0].send_signal(number)

    def at_work(self, names: list[str]) -> str | None:
        """One of the processes that is in the middle of a transaction, if any is."""
        pids = {self.pid(name): name for name in names}
        owner = names[0].rpartition("-")[0]
        for database, port in self.servers.open_transactions():
            if database == owner and (pid := owner_of_port(port, list(pids))) is not None:
                return pids[pid]
        return None

    # -- watching them

    def _start_again(self) -> None:
        while not self._closing.wait(WATCH_SECONDS):
            with self._lock:
                for name, (process, _) in list(self.platform.processes.items()):
                    if process.poll() is not None and not self._closing.is_set():
                        if name in self._signalled:
                            self._signalled.discard(name)
                        else:
                            self.ended_alone[f"{name} with status {process.returncode}"] += 1
                        self._starts[name]()

    def await_ready(self) -> None:
        """Return when every process says it is ready; fails with the end of a log at the deadline."""
        self._await([[name] for name in self._starts])

    def await_served(self) -> None:
        """Return when there is a process of everything that says it is ready, whatever became of the other."""
        self._await([pair for target in (*self.targets, GATEWAY) for pair in self.members(target)])

    def _await(self, groups: list[list[str]]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        for group in groups:
            while not any(self._is_ready(name) for name in group):
                if time.monotonic() > deadline:
                    log = (self.platform.folder / f"{group[0]}.log").read_text(errors="replace")
                    raise AssertionError(f"{group} not ready after {READY_SECONDS} s:\n{log[-3000:]}")
                time.sleep(WATCH_SECONDS)

    def _is_ready(self, name: str) -> bool:
        process, url = self.platform.processes[name]
        return process.poll() is None and processes.is_ready(url)

    def stop(self) -> list[str]:
        """Ask every process to end; the names of those that did not in their grace."""
        self._closing.set()
        with self._lock:
            running = {name: process for name, (process, _) in self.platform.processes.items()}
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        late = []
        for name, process in running.items():
            with suppress(subprocess.TimeoutExpired):
                process.wait(45)
                continue
            late.append(name)
            process.kill()
            process.wait()
        self.platform.processes.clear()
        for ledger in self.ledgers:
            ledger.close()
        return late
