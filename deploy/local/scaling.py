"""More processes of a service in the running platform, and fewer again; nothing else is restarted.

The first process of each service, and the gateway, run under the platform's supervisor; every further process has a supervisor
of its own, so that it comes and goes alone. All of them end with the platform.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from deploy.local import processes
from deploy.local.notes import Notes
from deploy.local.packages import say
from deploy.local.place import Place
from deploy.local.postgres import MAX_CONNECTIONS
from deploy.local.supervising import Supervisor, stop_all

#: The most connections a process of a service, and the gateway, hold (docs/operating.md, "Giving more").
OF_A_PROCESS, OF_THE_GATEWAY = 34, 10


class Scale:
    """The further processes of one stack; `ready_urls` of all its processes are in processes.json."""

    def __init__(self, place: Place, notes: Notes) -> None:
        self._place, self._notes = place, notes
        self._ready_urls = place.state / "processes.json"

    def counts(self) -> dict[str, int]:
        """How many processes of each service there are."""
        further = [name.rpartition("-")[0] for name in self._further()]
        return {service: 1 + further.count(service) for service in processes.services()}

    def set(self, wanted: Mapping[str, int], environment: Mapping[str, str]) -> None:
        """Start and stop until there are as many as `wanted`; returns when all are ready. Those not named stay as they are."""
        kept = {
            name for name in self._further() if int(name.rpartition("-")[2]) <= wanted.get(name.rpartition("-")[0], 99)
        }
        self._stop(set(self._further()) - kept)
        started = {
            process.name: process
            for service, count in wanted.items()
            for number in range(2, count + 1)
            if f"{service}-{number}" not in kept
            for process in [processes.of_service(service, number, self._notes)]
        }
        if not started:
            return
        say(f"starting {', '.join(started)}")
        for name, process in started.items():
            Supervisor(self._place, name).start([process], environment=environment, foreground=False)
        urls = {name: process.ready_url for name, process in started.items()}
        self._note({**self._noted(), **urls})
        try:
            processes.wait_until_ready(urls, self._place)
        except BaseException:
            self._stop(started)
            raise

    def stop(self) -> None:
        """Stop every further process."""
        self._stop(self._further())

    def _further(self) -> list[str]:
        """The names of the further processes that have been started and not stopped: perks-2."""
        paths = self._place.state.glob("supervisord-*-*.conf")
        return sorted(path.stem.removeprefix("supervisord-") for path in paths)

    def _stop(self, names: Iterable[str]) -> None:
        if not (gone := sorted(names)):
            return
        say(f"stopping {', '.join(gone)}")
        stop_all([Supervisor(self._place, name) for name in gone])
        self._note({name: url for name, url in self._noted().items() if name not in gone})

    def _noted(self) -> dict[str, str]:
        return dict(json.loads(self._ready_urls.read_text())) if self._ready_urls.exists() else {}

    def _note(self, urls: Mapping[str, str]) -> None:
        processes.write_private(self._ready_urls, urls)


def read(words: Iterable[str]) -> dict[str, int]:
    """``perks=3`` … as service and number; exits with what may be given."""
    found = {}
    for word in words:
        parts = re.fullmatch(r"([a-z]+)=(\d+)", word)
        if parts is None or parts[1] not in processes.services() or not 1 <= int(parts[2]) <= processes.MOST:
            named = ", ".join(processes.services())
            raise SystemExit(
                f"{word}: type make scale perks=3; services are {named}, numbers are 1 to {processes.MOST}."
            )
        found[parts[1]] = int(parts[2])
    return found


def require_connections(counts: Mapping[str, int]) -> None:
    """Exit where the private PostgreSQL has fewer connections than these processes may hold."""
    held = sum(counts.values()) * OF_A_PROCESS + OF_THE_GATEWAY
    if held > MAX_CONNECTIONS:
        most = (MAX_CONNECTIONS - OF_THE_GATEWAY) // OF_A_PROCESS
        raise SystemExit(
            f"PostgreSQL takes {MAX_CONNECTIONS} connections, enough for {most} processes of all services together."
        )
