"""nameko's container with lanes, and with workers whose failure stays their own.

Lives here: choosing the pool, running one worker, keeping every failure inside it. Stock nameko lets an exception in a
dependency or in a reply kill the whole container, and an ``eventlet.Timeout`` leave a message unanswered for ever
(hazards 17, 18, 19). ``_run_worker`` is nameko's private method: the version is pinned and this class has its own test.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import eventlet
from nameko.containers import ServiceContainer, WorkerContext
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import iter_extensions

from chassis.ground import lanes, metrics, tracing
from chassis.process.pools import LanePools
from contracts.language.refusals import Refusal

log = logging.getLogger(__name__)

HandleResult = Callable[[WorkerContext, Any, Any], Any]


class LaneContainer(ServiceContainer):  # type: ignore[misc]
    """Runs the entrypoints of the chosen lanes, each lane in its own pool.

    config: ``AMQP_URI``, ``lanes`` (names), ``workers`` (lane → workers), ``settings`` (chassis.ground.settings).
    """

    def __init__(self, service_cls: type, config: Mapping[str, Any]) -> None:
        super().__init__(service_cls, dict(config))
        self.lanes: tuple[str, ...] = tuple(config.get("lanes", lanes.ALL_LANES))
        # the rpc lane counts its own workers, and one that ends starts the next before it has left the pool
        places = {lane: size * (2 if lane == lanes.RPC else 1) for lane, size in config["workers"].items()}
        self._worker_pool = LanePools(places)
        self._leave_out_other_lanes()

    def _leave_out_other_lanes(self) -> None:
        outside = [entrypoint for entrypoint in self.entrypoints if _lane_of(entrypoint) not in self.lanes]
        for entrypoint in outside:
            self.entrypoints.remove(entrypoint)
        self.subextensions.clear()
        for extension in self.entrypoints | self.dependencies:
            self.subextensions.update(iter_extensions(extension))

    def busy_workers(self) -> dict[str, int]:
        """Lane → workers at work."""
        return {lane: self._worker_pool.busy(lane) for lane in self.lanes}

    def spawn_worker(
        self,
        entrypoint: Any,
        args: Any,
        kwargs: Any,
        context_data: dict[str, Any] | None = None,
        handle_result: HandleResult | None = None,
    ) -> WorkerContext:
        """As in nameko, in the pool of the entrypoint's lane. Blocks while that pool is full."""
        if self._being_killed:
            raise ContainerBeingKilled()
        worker_ctx = WorkerContext(self, self.service_cls(), entrypoint, args, kwargs, data=context_data)
        thread = self._worker_pool.spawn(_lane_of(entrypoint), self._run_worker, worker_ctx, handle_result)
        self._worker_threads[worker_ctx] = thread
        thread.link(self._forget_worker, worker_ctx)
        return worker_ctx

    def spawn_settling(self, settle: Callable[[], None], identifier: str) -> None:
        """Run what brings messages to their end, outside any worker, in a managed thread that a stop waits for."""
        self._worker_pool.await_also(self.spawn_managed_thread(settle, identifier=identifier))

    def _forget_worker(self, thread: Any, worker_ctx: WorkerContext) -> None:
        self._worker_threads.pop(worker_ctx, None)

    def _run_worker(self, worker_ctx: WorkerContext, handle_result: HandleResult | None) -> None:
        started = time.monotonic()
        lane = _lane_of(worker_ctx.entrypoint)
        busy = metrics.busy_workers(lane)
        busy.inc()
        limit = _seconds_allowed(worker_ctx)
        result = exc_info = None
        try:
            with tracing.bound(worker_ctx.data):
                try:
                    with eventlet.Timeout(limit) if limit else contextlib.nullcontext():
                        self._inject_dependencies(worker_ctx)
                        self._worker_setup(worker_ctx)
                        method = getattr(worker_ctx.service, worker_ctx.entrypoint.method_name)
                        result = method(*worker_ctx.args, **worker_ctx.kwargs)
                except (Exception, eventlet.Timeout):
                    exc_info = sys.exc_info()
                self._settle(worker_ctx, handle_result, result, exc_info)
        finally:
            busy.dec()
            outcome = _outcome(exc_info)
            metrics.worker_seconds(lane, worker_ctx.entrypoint.method_name, outcome, time.monotonic() - started)

    def _settle(
        self, worker_ctx: WorkerContext, handle_result: HandleResult | None, result: Any, exc_info: Any
    ) -> None:
        try:
            if handle_result is not None:
                handle_result(worker_ctx, result, exc_info)
            elif exc_info is not None:
                log.error("%s failed", worker_ctx.entrypoint.method_name, exc_info=exc_info)
            self._worker_result(worker_ctx, result, exc_info)
            self._worker_teardown(worker_ctx)
        except (Exception, eventlet.Timeout):
            # the message stays unacknowledged and comes again: one answer fewer, not one process fewer
            log.exception("%s: its result could not be delivered", worker_ctx.entrypoint.method_name)


def _lane_of(entrypoint: Any) -> str:
    return str(getattr(entrypoint, "lane", lanes.RPC))


def _seconds_allowed(worker_ctx: WorkerContext) -> float | None:
    allowed = getattr(worker_ctx.entrypoint, "seconds_allowed", None)
    return allowed(worker_ctx.data) if allowed is not None else None


def _outcome(exc_info: Any) -> str:
    if exc_info is None:
        return "done"
    return "refused" if isinstance(exc_info[1], Refusal) else "failed"
