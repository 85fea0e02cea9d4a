"""The examination: all checks in their order; a check is skipped where an earlier finding makes it pointless.

Every check has a time limit: a server that accepts connections and never replies does not stop the examination.
"""

from __future__ import annotations

import argparse
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from deploy.local.place import Place, existing_place
from doctor import machine, remarks
from doctor.remarks import Finding, Remark, Skipped, Text

#: Time limit of a check, including its connections.
CHECK_SECONDS = 10.0
#: Findings that make processes unready; unready processes are then listed in a single line.
_CAUSES = {
    *("port_taken", "disk_nearly_full", "broker_down", "broker_refuses", "broker_memory", "database_down"),
    *("database_refuses", "migration_behind", "wrong_key", "queue_missing"),
}
_DATABASE_AWAY = Text("数据库服务器不可用", "the database server is away")
_BROKER_AWAY = Text("消息服务器不可用", "the broker is away")
_STOPPED = Text("平台没有运行", "the platform does not run")

Check = Callable[[], Iterator[Remark]]


def main(arguments: Sequence[str] | None = None) -> int:
    """``doctor [--json] [--lang zh|en] [--disk-free GIB]``; returns 0 where all is well, 1 where there are findings."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local doctor",
        description="Report what is wrong with this checkout's platform, and what to type. Changes nothing.",
    )
    parser.add_argument("--json", action="store_true", help="a JSON object, for scripts")
    parser.add_argument("--lang", choices=("zh", "en"), help="language; that of LANG without it")
    help_of_disk = f"disk that must be free, in GiB; {machine.DISK_FREE_GIB:g} without it"
    parser.add_argument("--disk-free", type=float, default=machine.DISK_FREE_GIB, metavar="GIB", help=help_of_disk)
    chosen = parser.parse_args(arguments)
    found = examine(existing_place(), os.environ, disk_free_gib=chosen.disk_free)
    shown = remarks.for_scripts if chosen.json else remarks.for_people
    print(shown(found, chosen.lang or remarks.language_of(os.environ)))
    return int(any(isinstance(remark, Finding) for remark in found))


def examine(place: Place, given: Mapping[str, str], *, disk_free_gib: float = machine.DISK_FREE_GIB) -> list[Remark]:
    """Run every check; `given` is the environment the doctor was called in."""
    try:
        # imported here: before anything is installed, only the machine can be checked
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
    """A run of all checks; remembers the findings, as later checks depend on them."""

    def __init__(self, found, disk_free_gib: float) -> None:  # type: ignore[no-untyped-def]
        self._site, self._disk_free_gib = found, disk_free_gib
        self._codes: set[str] = set()

    def run(self) -> Iterator[Remark]:
        from doctor import clocks, edge, keyrings, leftovers, queues, roles, servers, services

        site = self._site
        yield from self._machine()
        yield from self._run(machine.PORTS, self._ports)
        yield from self._run(services.PROCESSES, lambda: services.supervisor(site))
        stopped = None if site.environment and (site.is_given or site.is_running) else self._why_stopped()
        yield from self._run(servers.DATABASE, lambda: servers.database(site), unless=stopped)
        yield from self._run(servers.BROKER, lambda: servers.broker(site), unless=stopped)
        no_broker = stopped or (_BROKER_AWAY if self._codes & {"broker_down", "broker_refuses"} else None)
        no_data = stopped or (_DATABASE_AWAY if self._codes & {"database_down", "database_refuses"} else None)
        yield from self._run(clocks.CLOCKS, lambda: clocks.clocks(site), unless=stopped)
        yield from self._run(servers.BROKER_ROOM, lambda: servers.broker_room(site), unless=no_broker)
        yield from self._run(services.MIGRATIONS, lambda: services.schemas(site), unless=no_data)
        yield from self._run(roles.ROLES, lambda: roles.roles(site), unless=no_data)
        if no_data:  # the files can be read without it
            yield from self._run(keyrings.KEYS, lambda: keyrings.key_files(site))
        yield from self._run(keyrings.KEYS, lambda: keyrings.keys(site), unless=no_data)
        yield from self._run(services.DEAD_LETTERS, lambda: services.dead_letters(site), unless=no_data)
        yield from self._run(queues.QUEUES, lambda: queues.queues(site), unless=no_broker)
        yield from self._run(leftovers.LEFTOVERS, lambda: leftovers.processes(site.place.state))
        yield from self._run(edge.PROXIES, lambda: edge.proxies(site))
        explained = bool(self._codes & _CAUSES)
        yield from self._run(services.PROCESSES, lambda: services.processes(site, explained=explained))

    def _machine(self) -> Iterator[Remark]:
        site = self._site
        own = [] if site.is_given else ["postgres"] * (site.owns_database or not site.environment)
        own += [] if site.is_given else ["rabbitmq-server"] * (site.owns_broker or not site.environment)
        yield from self._run(machine.PROGRAMS, lambda: machine.programs(own))
        yield from self._run(machine.DISK, lambda: machine.disk(site.place.data, least_gib=self._disk_free_gib))

    def _ports(self) -> Iterator[Remark]:
        from doctor import site

        return site.ports(self._site)

    def _why_stopped(self) -> Text | None:
        """The reason to skip checks of a platform that does not run; None where a server runs or external servers are named."""
        site = self._site
        if site.environment and (site.has_servers_running() or not (site.owns_broker and site.owns_database)):
            return None
        return _STOPPED

    def _run(self, subject: Text, check: Check, *, unless: Text | None = None) -> Iterator[Remark]:
        """The remarks of a check, within CHECK_SECONDS; `unless` is a reason to skip it."""
        if unless is not None:
            yield Skipped(subject, unless)
            return
        for remark in _in_time(subject, check):
            if isinstance(remark, Finding):
                self._codes.add(remark.code)
            yield remark


def _in_time(subject: Text, check: Check) -> Iterator[Remark]:
    """The remarks of `check` until it ends or its time is over; a check that fails is reported and stops no other."""
    reported: queue.Queue[Remark | None] = queue.Queue()

    def run() -> None:
        try:
            for remark in check():
                reported.put(remark)
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            reported.put(Skipped(subject, Text(f"检查出错：{words}", f"the check failed: {words}")))
        reported.put(None)

    # a daemon thread: a check that never returns does not keep the process alive
    threading.Thread(target=run, daemon=True).start()
    deadline = time.monotonic() + CHECK_SECONDS
    while True:
        try:
            remark = reported.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            seconds = f"{CHECK_SECONDS:g}"
            yield Skipped(subject, Text(f"{seconds} 秒内没有结果", f"there was no answer within {seconds} s"))
            return
        if remark is None:
            return
        yield remark
