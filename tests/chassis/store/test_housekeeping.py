"""Housekeeping on a real database: it runs in any replica and blocks no other work."""

from __future__ import annotations

import datetime as dt
import time
import uuid

import pytest
from sqlalchemy import Engine, text

from chassis.store import housekeeping
from chassis.store.housekeeping import keep_house
from tests.chassis.conftest import at_once
from tests.support.ledgers import Ledger
from tests.support.waiting import until

NOW = dt.datetime.now(dt.UTC)


def count(engine: Engine, sql: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(sql)).scalar_one())


def fill_inbox(engine: Engine, rows: int) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into inbox (consumer, message_id, received_at)"
                " select 'c', gen_random_uuid(), now() - interval '40 days' from generate_series(1, :rows)"
            ),
            {"rows": rows},
        )


class TestKeepHouse:
    def test_makes_partitions_and_forgets_what_is_old(self, engine: Engine) -> None:
        fill_inbox(engine, 10)
        with engine.begin() as connection:
            connection.execute(
                text("insert into idempotency_keys values ('c', 'k', 'm', '', null, now() - interval '3 days')")
            )
            connection.execute(
                text(
                    "insert into dead_letters (id, consumer, body, headers, reason, attempts, died_at, redriven_at)"
                    " select gen_random_uuid(), 'c', '', '{}', 'r', 1, now() - interval '60 days', sent from (values"
                    " (null), (now() - interval '29 days'), (now() - interval '31 days')) letters (sent)"
                )
            )
        assert keep_house(engine, NOW, audit_months=12) is False
        assert count(engine, "select count(*) from dead_letters") == 2, "only what was sent again, and long ago"
        assert count(engine, "select count(*) from inbox") == 0
        assert count(engine, "select count(*) from idempotency_keys") == 0
        assert count(engine, "select count(*) from pg_inherits where inhparent = 'outbox'::regclass") == 3

    def test_says_when_there_is_more_to_do(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(housekeeping, "CHUNK", 4)
        fill_inbox(engine, 10)
        assert [keep_house(engine, NOW, audit_months=12) for _ in range(3)] == [True, True, False]

    def test_may_be_called_in_every_replica_at_once(self, engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
        at_once(6, lambda number: keep_house(engine, NOW, audit_months=12))
        assert [record.getMessage() for record in caplog.records] == []
        assert count(engine, "select count(*) from pg_inherits where inhparent = 'outbox'::regclass") == 3

    def test_gives_way_to_work_on_the_outbox_and_still_does_the_rest(self, engine: Engine) -> None:
        fill_inbox(engine, 3)
        with engine.begin() as busy:
            busy.execute(
                text(
                    "insert into outbox (id, created_at, type, subject_id, version, body)"
                    " values (:id, now(), 't', 's', 1, '{}')"
                ),
                {"id": uuid.uuid4()},
            )
            started = time.monotonic()
            keep_house(engine, NOW, audit_months=12)
            assert time.monotonic() - started < 3
            assert count(engine, "select count(*) from inbox") == 0
            assert count(engine, "select count(*) from pg_inherits where inhparent = 'outbox'::regclass") == 1
        keep_house(engine, NOW, audit_months=12)
        assert count(engine, "select count(*) from pg_inherits where inhparent = 'outbox'::regclass") == 3


class TestInAProcess:
    def test_is_done_by_the_timers_lane_from_the_start(self, ledger: Ledger) -> None:
        fill_inbox(ledger.engine, 3)
        ledger.start(lanes="timers")
        until(lambda: ledger.count("select count(*) from inbox") == 0, what="the round at the start")
