"""What the tests of talent share: a migrated database, keys, units of work for any department."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from chassis.keys.rings import KeyRing
from chassis.store.database import make_engine
from chassis.store.work import Caller, Work, open_work
from services.talent import organisations
from services.talent.organisations.rules.credit_codes import code_check, organisation_check
from services.talent.people import keys as people_keys
from services.talent.rules.identity import check_character
from tests.support.servers import Make

NOW = dt.datetime(2026, 11, 23, 4, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 23)


class City:
    """A talent database and the departments that write to it."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = make_engine(url, pool_size=24, name="test.talent")
        self.keys = people_keys.of_rings(_ring("id_encryption", b"e"), _ring("id_lookup", b"l"))
        self._serial = 0

    @contextlib.contextmanager
    def work(
        self, department: str = "education", *, now: dt.datetime = NOW, scopes: Sequence[str] | None = None
    ) -> Iterator[Work]:
        """A unit of work of a department. ``education`` is the city office here, unless other scopes are named."""
        held = (["registry:govern"] if department == "education" else []) if scopes is None else scopes
        caller = Caller(f"{department}-client", department, "r1", trusted=True, scopes=frozenset(held))
        with open_work(self.engine, caller=caller, now=now) as work:
            yield work

    def rows(self, sql: str, **values: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(sql), values))

    def count(self, sql: str, **values: Any) -> int:
        return int(self.rows(sql, **values)[0][0])

    def events(self) -> list[tuple[str, str, int]]:
        """Type, subject and version of every event so far, in the order of their writing."""
        return [tuple(row) for row in self.rows("select type, subject_id, version from outbox order by created_at, id")]

    def id_number(self) -> str:
        """A document number not used before; its region is assigned to no place."""
        self._serial += 1
        return make_id_number(self._serial)

    def university(self, department: str = "education", **fields: Any) -> Any:
        """The id of a new university that the city office has confirmed and that trusts this department."""
        self._serial += 1
        chosen: dict[str, Any] = {
            "kind": "university",
            "name": f"示范大学{self._serial}",
            "uscc": make_credit_code(self._serial),
        }
        with self.work(scopes=["registry:govern"]) as work:
            chosen["trusted_departments"] = [department]
            return organisations.register_organisation(work, **chosen | fields)["id"]

    def close(self) -> None:
        self.engine.dispose()


def make_id_number(serial: int) -> str:
    body = f"149999{1990 + serial // 300_000}{serial // 28_000 % 12 + 1:02d}{serial // 1000 % 28 + 1:02d}{serial % 1000:03d}"
    return body + check_character(body)


def make_credit_code(serial: int) -> str:
    body = f"{serial:08d}"
    first = f"12140700{body}{organisation_check(body)}"
    return first + code_check(first)


def at_once(count: int, act: Callable[[int], Any]) -> Sequence[Any]:
    """Call ``act(0) … act(count - 1)`` in as many threads; raises what any of them raised."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(act, range(count)))


def _ring(name: str, seed: bytes) -> KeyRing:
    return KeyRing(name, "2026a", {"2026a": seed * 32})


@pytest.fixture(scope="module")
def talent_database(module_migrated_database: Make) -> str:
    return module_migrated_database("talent")


@pytest.fixture(scope="module")
def city(talent_database: str) -> Iterator[City]:
    made = City(talent_database)
    yield made
    made.close()
