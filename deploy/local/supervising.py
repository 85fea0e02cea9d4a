"""The supervisor of a stack: restarts a process that ends, and ends all on SIGTERM. It has no control socket."""

from __future__ import annotations

import configparser
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from deploy.local import running
from deploy.local.broker_users import GATEWAY
from deploy.local.packages import ROOT, say
from deploy.local.place import Place
from deploy.local.processes import QUIET, Process

#: Longer than a service's grace period.
STOP_SECONDS = 40


class Supervisor:
    """supervisord and its children: the platform's processes, or `further`, one process beside them (``scaling``)."""

    def __init__(self, place: Place, further: str = "") -> None:
        self._state = place.state
        self._logs = place.state / "logs"
        self._name = f"supervisord-{further}" if further else "supervisord"
        self._configuration_file = place.state / f"{self._name}.conf"
        self._mark = f"{place.state}:processes" + (f":{further}" if further else "")

    def start(
        self, processes: Sequence[Process], *, environment: Mapping[str, str], foreground: bool
    ) -> subprocess.Popen[bytes] | None:
        """Start all processes in `environment`; in the foreground the supervisor is returned, a child of the caller."""
        self._logs.mkdir(exist_ok=True)
        self._configuration_file.touch(mode=0o600)
        with open(self._configuration_file, "w") as file:
            self._configuration(processes).write(file)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._configuration_file)]
        # inherited by all processes: passwords are not in the configuration file, and need no quoting
        whole = {**os.environ, **QUIET, **environment, running.MARK: self._mark}
        if foreground:
            # a session of its own: Ctrl-C reaches the caller alone, which then stops everything in order
            return subprocess.Popen(
                [*command, "-n", "-s"], cwd=ROOT, env=whole, stdin=subprocess.DEVNULL, start_new_session=True
            )
        subprocess.run(command, cwd=ROOT, env=whole, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return None

    def _configuration(self, processes: Sequence[Process]) -> configparser.RawConfigParser:
        made = configparser.RawConfigParser()
        made["supervisord"] = {
            "pidfile": str(self._state / f"{self._name}.pid"),
            "logfile": str(self._logs / f"{self._name}.log"),
            "childlogdir": str(self._logs),
            "directory": str(ROOT),
            **({"user": "root"} if os.geteuid() == 0 else {}),
        }
        services = [process.name for process in processes if process.name != GATEWAY]
        # started first and stopped last, all at once; the gateway stops taking requests before them
        made["group:services"] = {"programs": ",".join(services), "priority": "10"}
        for process in processes:
            made[f"program:{process.name}"] = {
                "command": " ".join(_quoted(word) for word in process.command),
                "environment": ",".join(f"{name}={_quoted(value)}" for name, value in process.environment.items()),
                "priority": "20",
                "stopwaitsecs": str(STOP_SECONDS),
                "autorestart": "true",
                "startretries": "20",
                "redirect_stderr": "true",
                "stdout_logfile": str(self._logs / f"{process.name}.log"),
                "stdout_logfile_maxbytes": "20MB",
                "stdout_logfile_backups": "2",
            }
        return made

    def is_running(self) -> bool:
        """Whether this stack's supervisor runs."""
        return self._pid() is not None

    def stop(self) -> None:
        """End the supervisor and all its processes; returns when they have ended."""
        if self.is_running():
            say("stopping the processes")
        stop_all([self])

    def begin_to_stop(self) -> list[int]:
        """Send SIGTERM; the processes that now end."""
        pids = [pid] if (pid := self._pid()) is not None else []
        running.send_signal(pids, signal.SIGTERM)
        return pids

    def finish(self) -> None:
        """End what is left of a supervisor that was killed, and forget its configuration."""
        running.end(running.members(self._mark), seconds=STOP_SECONDS)
        self._configuration_file.unlink(missing_ok=True)

    def _pid(self) -> int | None:
        return next(iter(running.commanded(f"supervisord -c {self._configuration_file}")), None)


def stop_all(supervisors: Sequence[Supervisor]) -> None:
    """End them and all their processes, at the same time; returns when they have ended."""
    pids = [pid for supervisor in supervisors for pid in supervisor.begin_to_stop()]
    running.await_end(pids, seconds=STOP_SECONDS + 10)
    for supervisor in supervisors:
        supervisor.finish()


def _quoted(word: str) -> str:
    """A word in supervisor's syntax: in quotes, per cent signs doubled. The syntax cannot express a quote."""
    assert '"' not in word, word
    return f'"{word.replace("%", "%%")}"'
