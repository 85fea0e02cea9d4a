"""The examination: what is looked at, in which order, and what is not looked at because something before it is wrong.

Every look has a time limit, so that a server that accepts connections and then stays silent delays nothing.
"""

from __future__ import annotations

import argparse
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from deploy.local.place import Place, standing
from doctor import machine, remarks
from doctor.remarks import Finding, NotLookedAt, Remark, Text

#: Longest time for one look, its connections and answers taken together.
LOOK_SECONDS = 10.0
#: Findings that make processes unready: those are then not reported one by one.
_CAUSES = {
    *("port_taken", "disk_nearly_full", "broker_down", "broker_refuses", "broker_memory", "database_down"),
    *("database_refuses", "migration_behind", "wrong_key", "queue_missing"),
}
_DATABASE_AWAY = Text("数据库服务器不可用", "the database server is away")
_BROKER_AWAY = Text("消息服务器不可用", "the broker is away")
_STOPPED = Text("平台没有运行", "the platform does not run")

Look = Callable[[], Iterator[Remark]]


def main(arguments: Sequence[str] | None = None) -> int:
    """``doctor [--json] [--lang zh|en] [--disk-free GIB]``; returns 0 where all is well, 1 where there are findings."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local doctor",
        description="Say what is wrong with this checkout's platform, and what to type. Changes nothing.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, for scripts")
    parser.add_argument("--lang", choices=("zh", "en"), help="language; that of LANG without it")
    help_of_disk = f"disk that must be free, in GiB; {machine.DISK_FREE_GIB:g} without it"
    parser.add_argument("--disk-free", type=float, default=machine.DISK_FREE_GIB, metavar="GIB", help=help_of_disk)
    chosen = parser.parse_args(arguments)
    found = examine(standing(), os.environ, disk_free_gib=chosen.disk_free)
    shown = remarks.for_scripts if chosen.json else remarks.for_people
    print(shown(found, chosen.lang or remarks.language_of(os.environ)))
    return int(any(isinstance(one, Finding) for one in found))


def examine(place: Place, given: Mapping[str, str], *, disk_free_gib: float = machine.DISK_FREE_GIB) -> list[Remark]:
    """Look at everything; `given` is the environment the doctor was called in."""
    try:
        # imported here: before anything is installed, the machine alone can be looked at
        from doctor import site
    except ImportError as error:
        return [machine.python_packages(error), *machine.programs(["postgres", "rabbitmq-server"])]
    try:
        found = site.find(place, given)
    except PermissionError as error:
        return [_belongs_to_another(error)]
    return list(_Examination(found, disk_free_gib).run())


def _belongs_to_another(error: PermissionError) -> Finding:
    return Finding(
        "not_yours",
        str(error.filename),
        Text(f"{error.filename} 属于另一个用户", f"{error.filename} belongs to another user"),
        "sudo make doctor",
    )


class _Examination:
    """One run; remembers the findings, as later looks depend on them."""

    def __init__(self, found, disk_free_gib: float) -> None:  # type: ignore[no-untyped-def]
        self._site, self._disk_free_gib = found, disk_free_gib
        self._codes: set[str] = set()

    def run(self) -> Iterator[Remark]:
        from doctor import clocks, keyrings, queues, servers, services

        site = self._site
        yield from self._machine()
        yield from self._look(machine.PORTS, self._ports)
        yield from self._look(services.PROCESSES, lambda: services.supervisor(site))
        stopped = None if site.environment and (site.is_given or site.is_running) else self._why_stopped()
        yield from self._look(servers.DATABASE, lambda: servers.database(site), unless=stopped)
        yield from self._look(servers.BROKER, lambda: servers.broker(site), unless=stopped)
        no_broker = stopped or (_BROKER_AWAY if self._codes & {"broker_down", "broker_refuses"} else None)
        no_data = stopped or (_DATABASE_AWAY if self._codes & {"database_down", "database_refuses"} else None)
        yield from self._look(clocks.CLOCKS, lambda: clocks.clocks(site), unless=stopped)
        yield from self._look(servers.BROKER_ROOM, lambda: servers.broker_room(site), unless=no_broker)
        yield from self._look(services.MIGRATIONS, lambda: services.schemas(site), unless=no_data)
        if no_data:  # the files can be read without it
            yield from self._look(keyrings.KEYS, lambda: keyrings.key_files(site))
        yield from self._look(keyrings.KEYS, lambda: keyrings.keys(site), unless=no_data)
        yield from self._look(services.DEAD_LETTERS, lambda: services.dead_letters(site), unless=no_data)
        yield from self._look(queues.QUEUES, lambda: queues.queues(site), unless=no_broker)
        explained = bool(self._codes & _CAUSES)
        yield from self._look(services.PROCESSES, lambda: services.processes(site, explained=explained))

    def _machine(self) -> Iterator[Remark]:
        site = self._site
        own = [] if site.is_given else ["postgres"] * (site.owns_database or not site.environment)
        own += [] if site.is_given else ["rabbitmq-server"] * (site.owns_broker or not site.environment)
        yield from self._look(machine.PROGRAMS, lambda: machine.programs(own))
        yield from self._look(machine.DISK, lambda: machine.disk(site.place.data, least_gib=self._disk_free_gib))

    def _ports(self) -> Iterator[Remark]:
        from doctor import site

        return site.ports(self._site)

    def _why_stopped(self) -> Text | None:
        """Nothing to look at; None where a server of it runs, or somebody else's are named."""
        site = self._site
        if site.environment and (site.has_servers_running() or not (site.owns_broker and site.owns_database)):
            return None
        return _STOPPED

    def _look(self, subject: Text, look: Look, *, unless: Text | None = None) -> Iterator[Remark]:
        """What a look says, kept within LOOK_SECONDS; `unless` says why not to look."""
        if unless is not None:
            yield NotLookedAt(subject, unless)
            return
        for remark in _in_time(subject, look):
            if isinstance(remark, Finding):
                self._codes.add(remark.code)
            yield remark


def _in_time(subject: Text, look: Look) -> Iterator[Remark]:
    """The remarks of `look`, until it ends or its time is over; a look that fails says so and stops no other."""
    remarks: queue.Queue[Remark | None] = queue.Queue()

    def run() -> None:
        try:
            for remark in look():
                remarks.put(remark)
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            remarks.put(NotLookedAt(subject, Text(f"检查出错：{words}", f"looking failed: {words}")))
        remarks.put(None)

    # a daemon: one that never returns does not keep the process from ending
    threading.Thread(target=run, daemon=True).start()
    deadline = time.monotonic() + LOOK_SECONDS
    while True:
        try:
            remark = remarks.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            seconds = f"{LOOK_SECONDS:g}"
            yield NotLookedAt(subject, Text(f"{seconds} 秒内没有结果", f"there was no answer within {seconds} s"))
            return
        if remark is None:
            return
        yield remark
