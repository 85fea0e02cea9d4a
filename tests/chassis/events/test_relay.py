"""The relay: what reaches no queue stands in nobody's way, what the last worker committed leaves with the process."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

from chassis.broker import topology
from chassis.broker.wire import Wire
from tests.chassis.ledger.service import WRITTEN
from tests.support.ledgers import Ledger
from tests.support.waiting import until

QUEUE = topology.consumer_queue("ledger.on_entry_written")
NOWHERE = "ledger.nobody.v1"
WAITING = "select count(*) from outbox where position is null"
HELD = "select count(*) from outbox where position = -1"
PUBLISHED = "select count(*) from outbox where position > 0"


def fill(ledger: Ledger, count: int, *, event_type: str, only_for: str | None = None) -> None:
    """Put rows into the outbox that were announced before any other."""
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into outbox (id, created_at, type, subject_id, version, body, only_for)"
            " select lpad(to_hex(number), 32, '0')::uuid, now(), %s, 'one', 1, '{}', %s from generate_series(1, %s) number",
            (event_type, only_for, count),
        )


def add_queue(ledger: Ledger, queue: str, event_type: str | None = None) -> None:
    wire = Wire(ledger.amqp_uri, name="test.queue", heartbeat=0)
    channel = wire.connection.channel()
    channel.queue_declare(queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    if event_type:
        channel.queue_bind(queue, topology.events_exchange("ledger"), event_type)
    wire.close()


class TestRowsThatReachNoQueue:
    def test_are_held_so_that_the_others_leave_and_follow_once_there_is_one(self, ledger: Ledger) -> None:
        fill(ledger, 1200, event_type=WRITTEN, only_for=NOWHERE)
        relay = ledger.start(lanes="rpc,relay")
        ledger.call("write_entry", {"text": "one"}, key=str(uuid.uuid4()))
        until(lambda: ledger.queue_length(QUEUE) == 1, what="the event behind them")
        until(lambda: ledger.count(HELD) == 1200, what="rows on hold")
        until(lambda: "youthcity_outbox_held 1200.0" in ledger.health(relay, "/metrics")[1], what="the metric")
        add_queue(ledger, NOWHERE)
        until(lambda: ledger.queue_length(NOWHERE) == 1200, seconds=20, what="the held rows")
        assert ledger.count(PUBLISHED) == 1201

    def test_are_held_too_where_only_a_newer_replica_knows_their_type(self, ledger: Ledger) -> None:
        unknown = "ledger.entry.renamed.v1"
        fill(ledger, 1, event_type=unknown)
        ledger.start(lanes="relay")
        until(lambda: ledger.count(HELD) == 1, what="a row on hold")
        add_queue(ledger, NOWHERE, unknown)
        until(lambda: ledger.queue_length(NOWHERE) == 1, seconds=20, what="the held row")

    def test_are_held_where_one_of_two_subscribers_has_no_queue(self, ledger: Ledger) -> None:
        """The broker returns nothing then: the other subscriber's queue took it."""
        reader = "ledger.on_entry_read"
        ledger.start(lanes="rpc,relay", LEDGER_READER=reader)
        ledger.call("write_entry", {"text": "one"}, key=str(uuid.uuid4()))
        until(lambda: ledger.count(HELD) == 1, what="a row on hold")
        assert ledger.queue_length(QUEUE) == 0
        add_queue(ledger, topology.consumer_queue(reader), WRITTEN)
        until(lambda: ledger.queue_length(topology.consumer_queue(reader)) == 1, seconds=20, what="the held row")
        assert ledger.queue_length(QUEUE) == 1


class TestEnd:
    def test_publishes_what_the_last_worker_committed(self, ledger: Ledger) -> None:
        process = ledger.start(lanes="rpc,relay")
        caller = threading.Thread(target=lambda: ledger.call("write_slowly", {"seconds": 1.0}, key=str(uuid.uuid4())))
        caller.start()
        until(lambda: 'youthcity_workers_busy{lane="rpc"} 1.0' in ledger.health(process, "/metrics")[1])
        process.terminate()
        assert process.wait(8) == 0
        caller.join()
        assert (ledger.count(WAITING), ledger.queue_length(QUEUE)) == (0, 1)


class TestAlone:
    def test_runs_without_any_other_lane_and_without_a_traceback(self, ledger: Ledger, tmp_path: Path) -> None:
        with (tmp_path / "stderr").open("wb") as stderr:
            process = ledger.start(lanes="relay", stderr=stderr)
            process.terminate()
            assert process.wait(8) == 0
        assert b"Traceback" not in (tmp_path / "stderr").read_bytes()
