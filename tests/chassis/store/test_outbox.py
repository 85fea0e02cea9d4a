"""The outbox on a real database: the order of publishing, positions, and the months it is partitioned into."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from sqlalchemy import Engine, text

from chassis.ground.ids import uuid7
from chassis.store import outbox
from chassis.store.work import open_work
from tests.chassis.conftest import at_once

NOW = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)


def write(engine: Engine, *instants: dt.datetime, published: bool = False) -> list[uuid.UUID]:
    rows: list[dict[str, Any]] = [
        {
            "id": uuid7(),
            "created_at": at,
            "type": "talent.person.changed.v1",
            "subject_id": "p",
            "version": 1,
            "body": '{"名": "值"}',
            "traceparent": None,
            "only_for": None,
        }
        for at in instants
    ]
    with open_work(engine) as work:
        outbox.insert_events(work.session, rows)
    if published:
        with engine.begin() as connection:
            outbox.mark_published(connection, [(row["id"], row["created_at"]) for row in rows])
    return [row["id"] for row in rows]


def take(engine: Engine, limit: int = 100, most_bytes: int = 10**6) -> list[Any]:
    with engine.connect() as connection:
        return list(outbox.take_unpublished(connection, limit, most_bytes)[0])


def partitions(engine: Engine) -> list[str]:
    listed = "select inhrelid::regclass::text from pg_inherits where inhparent = 'outbox'::regclass order by 1"
    with engine.connect() as connection:
        return list(connection.execute(text(listed)).scalars())


def house(engine: Engine, now: dt.datetime = NOW) -> int:
    with open_work(engine) as work:
        return outbox.ensure_partitions(work.session, now)


class TestTake:
    def test_gives_the_first_announced_first_across_the_months(self, engine: Engine) -> None:
        house(engine)
        later, earlier = NOW + dt.timedelta(days=20), NOW - dt.timedelta(days=1)  # when the work began does not count
        announced = write(engine, NOW + dt.timedelta(days=60), earlier, later)
        assert partitions(engine) == ["outbox_2026_12", "outbox_2027_01", "outbox_default"]
        assert [row.id for row in take(engine)] == announced
        assert [row.id for row in take(engine, 1)] == announced[:1]

    def test_gives_no_more_than_so_many_bytes_and_one_at_least(self, engine: Engine) -> None:
        written = write(engine, *(NOW + dt.timedelta(seconds=at) for at in range(4)))
        size = len(take(engine, 1)[0].body.encode())
        for most, count in ((1, 1), (size, 1), (size + 1, 2), (3 * size, 3), (5 * size, 4)):
            with engine.connect() as connection:
                rows, has_more = outbox.take_unpublished(connection, 100, most)
            assert ([row.id for row in rows], has_more) == (written[:count], count < 4)

    def test_gives_the_message_as_it_was_written(self, engine: Engine) -> None:
        write(engine, NOW)
        (row,) = take(engine)
        assert row.body == '{"名": "值"}'
        assert (row.type, row.created_at, row.traceparent, row.only_for) == (
            "talent.person.changed.v1",
            NOW,
            None,
            None,
        )

    def test_reads_no_published_row_to_find_the_others(self, engine: Engine) -> None:
        write(engine, *[NOW + dt.timedelta(seconds=n) for n in range(3000)], published=True)
        write(engine, NOW + dt.timedelta(hours=2))
        with engine.connect() as connection:
            connection.exec_driver_sql("analyze outbox")
            query = str(outbox._TAKE).replace(":limit", "500").replace(":bytes", "100000")
            plan = "\n".join(connection.exec_driver_sql(f"explain (analyze, timing off) {query}").scalars())
        assert "Rows Removed by Filter" not in plan, plan


class TestMark:
    def test_counts_positions_upward_and_never_again(self, engine: Engine) -> None:
        write(engine, *[NOW + dt.timedelta(seconds=n) for n in range(5)])
        rows = take(engine)
        for part in (rows[:3], rows[3:], rows):
            with engine.begin() as connection:
                outbox.mark_published(connection, [(row.id, row.created_at) for row in part])
        assert take(engine) == []
        with engine.connect() as connection:
            found = connection.execute(text("select id, position, published_at from outbox order by position")).all()
        assert [row.id for row in found] == [row.id for row in rows]
        assert [row.position for row in found] == [1, 2, 3, 4, 5]
        assert all(row.published_at for row in found)

    def test_leaves_the_others_waiting(self, engine: Engine) -> None:
        first, second = write(engine, NOW, NOW + dt.timedelta(seconds=1))
        with engine.begin() as connection:
            outbox.mark_published(connection, [(first, NOW)])
        assert [row.id for row in take(engine)] == [second]


class TestBacklog:
    def test_tells_how_many_wait_and_for_how_long(self, engine: Engine) -> None:
        with engine.connect() as connection:
            assert outbox.backlog(connection) == (0, 0.0, 0)
        moment = dt.datetime.now(dt.UTC)
        write(engine, moment - dt.timedelta(seconds=90), moment)
        with engine.connect() as connection:
            backlog = outbox.backlog(connection)
        assert (backlog.waiting, backlog.held) == (2, 0)
        assert backlog.oldest_seconds == pytest.approx(90, abs=20)


class TestPartitions:
    def test_are_made_two_months_ahead_and_once(self, engine: Engine) -> None:
        assert [house(engine), house(engine)] == [2, 0]
        assert house(engine, NOW + dt.timedelta(days=31)) == 1
        assert partitions(engine) == ["outbox_2026_12", "outbox_2027_01", "outbox_2027_02", "outbox_default"]

    def test_leave_a_month_alone_that_has_rows_already(self, engine: Engine) -> None:
        """A clock ahead of ours may have written into it."""
        write(engine, dt.datetime(2026, 12, 31, 23, 59, tzinfo=dt.UTC))
        assert house(engine) == 1
        assert partitions(engine) == ["outbox_2027_01", "outbox_default"]

    def test_take_rows_while_they_are_made(self, engine: Engine) -> None:
        def either(number: int) -> None:
            if number == 0:
                house(engine)
            else:
                write(engine, NOW)

        assert at_once(8, either) == [None] * 8
        assert len(take(engine)) == 7


class TestDropOld:
    #: The database keeps by its own clock: what is old is old today.
    BEGAN = dt.datetime(2025, 11, 23, 8, tzinfo=dt.UTC)
    LATER = BEGAN + dt.timedelta(days=200)

    def drop(self, engine: Engine, *, at_most: int = 5000) -> int:
        with open_work(engine) as work:
            return outbox.drop_old(work.session, self.LATER, at_most=at_most)

    def test_drops_months_long_past_and_rows_as_old(self, engine: Engine) -> None:
        house(engine, self.BEGAN)
        write(engine, self.BEGAN, self.BEGAN + dt.timedelta(days=20), published=True)
        recent = write(engine, self.LATER - dt.timedelta(days=89), published=True)
        assert self.drop(engine) == 1
        assert partitions(engine) == ["outbox_default"]
        with engine.connect() as connection:
            assert list(connection.execute(text("select id from outbox")).scalars()) == recent

    def test_keeps_what_was_never_published(self, engine: Engine) -> None:
        house(engine, self.BEGAN)
        waiting = write(engine, self.BEGAN, self.BEGAN + dt.timedelta(days=20))
        assert self.drop(engine) == 0
        assert "outbox_2025_12" in partitions(engine)
        assert [row.id for row in take(engine)] == waiting

    def test_keeps_a_month_until_its_last_day_is_old_enough(self, engine: Engine) -> None:
        house(engine, self.BEGAN)
        write(engine, dt.datetime(2025, 12, 1, tzinfo=dt.UTC), published=True)
        with open_work(engine) as work:
            outbox.drop_old(work.session, dt.datetime(2026, 3, 31, tzinfo=dt.UTC))
        assert "outbox_2025_12" in partitions(engine)
        with open_work(engine) as work:
            outbox.drop_old(work.session, dt.datetime(2026, 4, 1, tzinfo=dt.UTC))
        assert "outbox_2025_12" not in partitions(engine)

    def test_deletes_a_given_number_at_a_time(self, engine: Engine) -> None:
        write(engine, *[self.BEGAN] * 7, published=True)
        assert [self.drop(engine, at_most=3) for _ in range(4)] == [3, 3, 1, 0]
