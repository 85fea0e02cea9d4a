"""A dependency that breaks in the hook a request names; both diaries have the very same one."""

from __future__ import annotations

from typing import Any

from nameko.extensions import DependencyProvider

HOOKS = ("get_dependency", "worker_setup", "worker_result", "worker_teardown")


class Fragile(DependencyProvider):  # type: ignore[misc]
    """Raises in ``get_dependency`` and the rest when the worker was called with ``text="breaks <hook>"``."""

    def get_dependency(self, worker_ctx: Any) -> None:
        _break(worker_ctx, "get_dependency")

    def worker_setup(self, worker_ctx: Any) -> None:
        _break(worker_ctx, "worker_setup")

    def worker_result(self, worker_ctx: Any, result: Any = None, exc_info: Any = None) -> None:
        _break(worker_ctx, "worker_result")

    def worker_teardown(self, worker_ctx: Any) -> None:
        _break(worker_ctx, "worker_teardown")


def _break(worker_ctx: Any, hook: str) -> None:
    if worker_ctx.kwargs.get("text") == f"breaks {hook}":
        raise ConnectionError(f"the cache is away in {hook}")
