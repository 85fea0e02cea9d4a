"""Pages on a real table: every row once, in order, though many share one instant."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, Table, insert, select

from chassis.store.pages import read_page
from chassis.store.tables import _dead_letters
from chassis.store.work import open_reading

LETTERS: Table = _dead_letters(MetaData())
KEY = (LETTERS.c.died_at, LETTERS.c.id)
NOON = dt.datetime(2026, 11, 23, 4, tzinfo=dt.UTC)


def fill(engine: Engine, count: int) -> list[uuid.UUID]:
    """Rows in threes of one instant; their ids in the order of the pages."""
    rows = [
        {
            "id": uuid.uuid4(),
            "consumer": "c",
            "body": b"",
            "headers": {},
            "reason": "r",
            "attempts": 1,
            "died_at": NOON + dt.timedelta(microseconds=number // 3),
        }
        for number in range(count)
    ]
    with engine.begin() as connection:
        connection.execute(insert(LETTERS), rows)
    return [row["id"] for row in sorted(rows, key=lambda row: (row["died_at"], row["id"]))]  # type: ignore[misc]


def page(engine: Engine, limit: int, after: dict[str, Any] | None = None) -> dict[str, Any]:
    query = select(LETTERS.c.id, LETTERS.c.died_at.label("created_at"))
    with open_reading(engine) as work:
        return read_page(work.session, query, key=KEY, limit=limit, after=after)


class TestReadPage:
    @pytest.mark.parametrize("limit", [1, 2, 5, 10, 11])
    def test_gives_every_row_once_in_order(self, engine: Engine, limit: int) -> None:
        ids = fill(engine, 10)
        seen, after, pages = [], None, 0
        while True:
            found = page(engine, limit, after)
            seen += [row["id"] for row in found["items"]]
            after, pages = found["next_after"], pages + 1
            if after is None:
                break
        assert seen == ids
        assert pages == -(-10 // limit)

    def test_of_nothing_is_empty_and_the_last(self, engine: Engine) -> None:
        assert page(engine, 5) == {"items": [], "next_after": None}

    def test_keeps_its_place_while_rows_arrive(self, engine: Engine) -> None:
        first = page(engine, 4, None) if fill(engine, 6) else None
        assert first is not None
        with engine.begin() as connection:
            late = {"id": uuid.uuid4(), "consumer": "c", "body": b"", "headers": {}, "reason": "r", "attempts": 1}
            connection.execute(insert(LETTERS), [late | {"died_at": NOON - dt.timedelta(days=1)}])
        second = page(engine, 4, first["next_after"])
        assert len(second["items"]) == 2
        assert second["next_after"] is None
