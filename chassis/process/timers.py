"""Timers: work that comes due, in a lane of its own.

Lives here: the entrypoint ``every``. It runs in every replica; a use case takes its share with ``FOR UPDATE SKIP LOCKED`` or an
advisory lock. A failure is logged and the next tick comes; a slow tick delays only itself.

::

    end_lapsed_affiliations = every(SETTINGS.lapse_seconds, affiliations.end_lapsed)
    run_imports = every(0.2, job.run_next, given=("database", "uploads"))
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import eventlet
from eventlet.event import Event as Signal
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint

from chassis.ground import lanes, tracing
from chassis.process.provided import Names, given_of
from chassis.rpc import calls

log = logging.getLogger(__name__)


def every(seconds: float, use_case: Callable[..., Any], *, given: Names = ()) -> Any:
    """Call ``use_case(work, **given)`` in one unit of work every `seconds`, counted from the end of the last call.

    With ``database`` among the `given` names it gets that and no work: then it opens its own units of work. A true result
    means "there is more": the next call follows at once.
    """
    opens_its_own = "database" in ((given,) if isinstance(given, str) else given)

    def tick(self: Any) -> Any:
        if opens_its_own:
            return use_case(**given_of(self, given))
        with self.database.work() as work:
            return use_case(work, **given_of(self, given))

    return Timer.decorator(seconds)(tick)


class Timer(Entrypoint):  # type: ignore[misc]
    """nameko's entrypoint behind ``every``."""

    lane = lanes.TIMERS

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self._stopping = False
        self._thread: Any = None

    @staticmethod
    def seconds_allowed(headers: dict[str, Any]) -> float | None:
        """Timers bound themselves: their work is in steps."""
        return None

    def start(self) -> None:
        self._thread = self.container.spawn_managed_thread(self._run, identifier=f"timer {self.method_name}")

    def stop(self) -> None:
        self._stopping = True

    def kill(self) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.kill()

    def _run(self) -> None:
        while not self._stopping:
            try:
                more = self._tick()
            except ContainerBeingKilled:
                return
            if not more:
                self._pause()

    def _tick(self) -> bool:
        done = Signal()

        def handle_result(worker_ctx: Any, result: Any, exc_info: Any) -> None:
            if exc_info is not None:
                log.error("timer %s failed", self.method_name, exc_info=exc_info)
            done.send(bool(result) and exc_info is None)

        # a trace of its own, so that what a run causes can be followed
        context = {calls.TRACEPARENT: tracing.new_traceparent()}
        self.container.spawn_worker(self, (), {}, context, handle_result)
        return bool(done.wait())

    def _pause(self) -> None:
        left = self.seconds
        while left > 0 and not self._stopping:
            step = min(left, 0.2)
            eventlet.sleep(step)
            left -= step
