"""What the chassis tests share: a database with the chassis' tables, threads let loose at one moment, statements counted."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from chassis.store.database import make_engine
from chassis.store.migrations import rights
from contracts.language import envelope
from tests.support.chassis_tables import frozen
from tests.support.ledgers import ledger, module_ledger, serving


@pytest.fixture(autouse=True)
def values_are_checked() -> Iterator[None]:
    """A command run in this process says whether events are held against their schema; the next test wants them to be."""
    yield
    envelope.check_values(True)


@pytest.fixture
def engine(fresh_database: Callable[[str], str]) -> Iterator[Engine]:
    """A database with the chassis' tables and nothing else."""
    made = make_engine(fresh_database("chassis"), pool_size=30, name="test")
    with made.begin() as connection:
        connection.exec_driver_sql(frozen())
        rights.settle(connection)
    yield made
    made.dispose()


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """What `act(0)` … `act(count - 1)` returned or raised, all let loose at the same moment in threads."""
    gate = threading.Barrier(count)

    def one(number: int) -> Any:
        gate.wait(timeout=20)
        try:
            return act(number)
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


@contextlib.contextmanager
def statements_of(engine: Engine) -> Iterator[list[str]]:
    """The SQL statements sent inside the block."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


__all__ = ["ledger", "module_ledger", "serving"]
