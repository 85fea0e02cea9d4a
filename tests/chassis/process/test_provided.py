"""What is proven at its first use, in a process that was started while the database was away."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from chassis.ground import lanes
from chassis.process.dependencies import BoundDatabase
from chassis.process.provided import Provided
from chassis.store.database import DatabaseUnavailable, make_engine
from chassis.store.work import PLATFORM, Work
from deploy.local.throwaway import free_port


def provided(engine: Engine) -> Provided:
    """Keys on a database, not proven yet."""

    def prove(work: Work, made: str) -> None:
        work.session.execute(text("select 1"))

    made = Provided(lambda settings: "keys", prove=prove)
    made.engines = SimpleNamespace(any_lane=lambda: BoundDatabase(engine, PLATFORM, None))
    made.container = SimpleNamespace(config={"settings": None})
    made.setup()
    return made


def worker_of(lane: str) -> Any:
    return SimpleNamespace(entrypoint=SimpleNamespace(lane=lane))


@pytest.fixture
def away() -> Engine:
    """A database whose port no server listens on."""
    return make_engine(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing", pool_size=1, name="test")


class TestProvided:
    def test_is_proven_past_a_connection_that_broke_in_the_pool(self, engine: Engine) -> None:
        with engine.connect() as connection:
            session = connection.execute(text("select pg_backend_pid()")).scalar_one()
        with make_engine(engine.url.render_as_string(False), pool_size=1, name="other").connect() as other:
            other.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": session})
        assert provided(engine).get_dependency(worker_of(lanes.RPC)) == "keys"

    def test_tells_a_caller_that_the_database_is_away(self, away: Engine) -> None:
        with pytest.raises(DatabaseUnavailable):
            provided(away).get_dependency(worker_of(lanes.RPC))

    def test_lets_an_event_handler_wait_for_the_database_without_an_attempt_counted(self, away: Engine) -> None:
        with pytest.raises(OperationalError):
            provided(away).get_dependency(worker_of(lanes.EVENTS))
