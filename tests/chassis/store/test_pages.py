"""Pages on a real table: every row once, in either order, though many share one instant; of some times; counted, or estimated."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, Table, insert, select, text

from chassis.store import pages
from chassis.store.pages import read_page
from chassis.store.tables import _dead_letters
from chassis.store.work import open_reading
from contracts.language.paging import Paging

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


QUERY = select(LETTERS.c.id, LETTERS.c.died_at.label("created_at"))


def page(engine: Engine, limit: int, after: dict[str, Any] | None = None, **wanted: Any) -> dict[str, Any]:
    with open_reading(engine) as work:
        return read_page(work.session, QUERY, Paging(limit, after, **wanted), key=KEY)


class TestReadPage:
    @pytest.mark.parametrize("order", ["asc", "desc"])
    @pytest.mark.parametrize("limit", [1, 2, 5, 10, 11])
    def test_gives_every_row_once_in_order(self, engine: Engine, limit: int, order: str) -> None:
        ids = fill(engine, 10)
        if order == "desc":
            ids.reverse()
        seen, after, pages = [], None, 0
        while True:
            found = page(engine, limit, after, order=order)
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

    def test_gives_those_of_the_times_it_is_asked_for(self, engine: Engine) -> None:
        ids = fill(engine, 9)
        later = NOON + dt.timedelta(microseconds=1)
        found = {
            "from": page(engine, 9, created_from=later),
            "until": page(engine, 9, created_until=later),
            "since": page(engine, 9, updated_since=later),
        }
        assert {what: [row["id"] for row in one["items"]] for what, one in found.items()} == {
            "from": ids[3:],
            "until": ids[:3],
            "since": ids[3:],
        }

    def test_counts_up_to_a_limit_and_estimates_beyond(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        fill(engine, 9)
        assert page(engine, 2, count="exact")["count"] == {"value": 9, "kind": "exact"}
        assert page(engine, 2, count="estimate", created_until=NOON)["count"] == {"value": 0, "kind": "exact"}
        monkeypatch.setattr(pages, "MOST_COUNTED", 8)
        monkeypatch.setattr(pages, "FEW", 4)
        assert page(engine, 2, count="exact")["count"] == {"value": 8, "kind": "at_least"}
        found = page(engine, 2, count="estimate", created_from=NOON)["count"]
        assert found["kind"] == "estimate"
        assert found["value"] >= 4
        assert "count" not in page(engine, 2)

    @pytest.mark.parametrize("order", ["asc", "desc"])
    def test_is_read_by_the_index_on_its_key_in_either_order(self, engine: Engine, order: str) -> None:
        fill(engine, 600)
        position = {"created_at": NOON, "id": uuid.UUID(int=0)}
        with open_reading(engine) as work:
            work.session.execute(text("create index on dead_letters (died_at, id)"))
            work.session.execute(text("analyze dead_letters"))
            statement = pages.following(QUERY, Paging(5, position, order=order), KEY)
            plan = str(work.session.execute(pages._Explain(statement)).scalar_one())
        assert "Index" in plan and "'Sort'" not in plan and "Seq Scan" not in plan
