"""What a service makes once per process from its settings (keys, a compiled law), as nameko injects it into each worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nameko.extensions import DependencyProvider
from sqlalchemy.exc import SQLAlchemyError

from chassis.ground import lanes
from chassis.ground.settings import ServiceSettings
from chassis.process.dependencies import Engines
from chassis.store.database import retry_once_on_lost_connection
from chassis.store.work import Work

#: Names of attributes of a service, one or several.
Names = str | tuple[str, ...]


def given_of(service: Any, names: Names) -> dict[str, Any]:
    """The named attributes of a service, as a use case takes them beside the fields of its request."""
    chosen = (names,) if isinstance(names, str) else names
    return {name: getattr(service, name) for name in chosen}


class Provided(DependencyProvider):  # type: ignore[misc]
    """``keys = Provided(load, prove=check)``: `load(settings)` at start; what it raises keeps the process from starting.

    `prove(work, made)` holds it against the database, before its first use at the latest: the database may be away, or
    not migrated yet, when the process starts.
    """

    engines = Engines()

    def __init__(
        self, load: Callable[[ServiceSettings], Any], *, prove: Callable[[Work, Any], None] | None = None
    ) -> None:
        super().__init__()
        self._load = load
        self._prove = prove

    def setup(self) -> None:
        self._made = self._load(self.container.config["settings"])
        self._is_proven = self._prove is None

    def start(self) -> None:
        try:
            self._ensure_proven()
        except SQLAlchemyError:
            return  # the first worker will

    def get_dependency(self, worker_ctx: Any) -> Any:
        if worker_ctx.entrypoint.lane == lanes.RPC:
            retry_once_on_lost_connection(self._ensure_proven)  # the caller gets DatabaseUnavailable
        else:
            self._ensure_proven()
        return self._made

    def _ensure_proven(self) -> None:
        if self._is_proven or self._prove is None:
            return
        if (database := self.engines.any_lane()) is None:
            return  # no worker will use it
        with database.work() as work:
            self._prove(work, self._made)
        self._is_proven = True
