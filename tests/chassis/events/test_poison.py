"""What a bad message or a long outage does to the messages around it: at most one more try, and no dead letter."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import kombu
import pytest

from chassis.broker import topology
from chassis.store.migrations import rights
from deploy.local.notes import Notes
from deploy.local.place import place
from deploy.local.postgres import Postgres
from tests.chassis.ledger.service import WRITTEN
from tests.support.chassis_tables import frozen
from tests.support.ledgers import LEDGER_TABLES, Ledger
from tests.support.waiting import until

QUEUE = topology.consumer_queue("ledger.on_entry_written")
TIER = topology.retry_tier("ledger", 300)


def event(text: str, *, event_type: str = WRITTEN) -> bytes:
    entry_id = str(uuid.uuid4())
    about = {"specversion": "1.0", "id": str(uuid.uuid4()), "type": event_type, "subject": entry_id, "sequence": 1}
    about |= {"source": "/cities/test/ledger", "time": "2026-01-01T00:00:00+00:00"}
    return json.dumps({**about, "data": {"entry_id": entry_id, "text": text}}).encode()


def send(ledger: Ledger, *bodies: bytes) -> None:
    for body in bodies:
        ledger.publish(body, exchange="", routing_key=QUEUE, content_type="application/json", delivery_mode=2)


def hearings(ledger: Ledger) -> int:
    return ledger.count("select count(*) from hearings")


def count_tries(ledger: Ledger) -> None:
    """In a sequence, which counts what is rolled back, too."""
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("create sequence tries")
        connection.exec_driver_sql("alter table hearings add column try bigint default nextval('tries')")
        connection.exec_driver_sql("grant usage on sequence tries to public")  # the process does not own them


class TestPoison:
    def test_in_a_batch_costs_its_neighbours_one_more_try_and_no_wait(self, ledger: Ledger) -> None:
        """The one retry tier is five minutes long: a neighbour that went that way would not be here in time."""
        count_tries(ledger)
        send(ledger, *[event("poison" if number in (7, 50) else f"sound {number}") for number in range(60)])
        ledger.start(lanes="events", RETRY_DELAYS="300")
        until(lambda: hearings(ledger) == 58)
        until(lambda: ledger.queue_length(TIER) == 2, what="both poisons in the retry tier")
        assert ledger.queue_length(QUEUE) == 0
        assert ledger.count("select last_value from tries") <= 2 * 60
        assert ledger.count("select count(*) from dead_letters") == 0

    def test_that_looks_like_a_slow_database_stops_no_other_message(self, ledger: Ledger) -> None:
        """A timed-out statement counts as a transient fault, so its message is never given up; but the database answers."""
        send(ledger, *[event("stuck" if number == 3 else f"sound {number}") for number in range(12)])
        ledger.start(lanes="events", RETRY_DELAYS="300", STATEMENT_TIMEOUT_SECONDS="0.3")
        until(lambda: hearings(ledger) == 11, seconds=30)
        until(lambda: ledger.queue_length(TIER) == 1, seconds=30, what="the stuck one in the retry tier")
        assert ledger.queue_length(QUEUE) == 0
        assert ledger.count("select count(*) from dead_letters") == 0

    def test_that_looks_like_a_slow_database_is_never_given_up(self, ledger: Ledger) -> None:
        send(ledger, event("stuck while it rains"))
        process = ledger.start(lanes="events", RETRY_DELAYS="0.1,0.2", STATEMENT_TIMEOUT_SECONDS="0.3")
        came_again = 'youthcity_events_retried_total{consumer="ledger.on_entry_written",tier="ledger.retry.0.2s"} 3.0'
        until(lambda: came_again in ledger.health(process, "/metrics")[1], seconds=60)
        with ledger.engine.begin() as connection:
            connection.exec_driver_sql("create table sunshine ()")
        until(lambda: hearings(ledger) == 1)
        assert ledger.count("select count(*) from dead_letters") == 0

    @pytest.mark.parametrize("missing", ["exchange", "queue"])
    def test_that_cannot_reach_its_tier_goes_there_as_soon_as_it_can(self, ledger: Ledger, missing: str) -> None:
        count_tries(ledger)
        ledger.start(lanes="events", RETRY_DELAYS="300")
        with kombu.Connection(ledger.amqp_uri) as connection:
            channel = connection.channel()
            delete = channel.exchange_delete if missing == "exchange" else channel.queue_delete
            delete(TIER)
            send(ledger, event("poison"), event("after it"))
            until(lambda: ledger.count("select count(*) from tries where is_called") == 1, what="the first try")
            topology.declare_retries(channel, "ledger", [300])
        until(lambda: ledger.queue_length(TIER) == 1, seconds=30, what="the poison in its tier")
        until(lambda: hearings(ledger) == 1)

    def test_that_cannot_be_read_is_parked_with_its_bytes_at_once(self, ledger: Ledger) -> None:
        unreadable = {
            "姓名,证件号码".encode("gb18030"): "undecodable",
            b"\xff\xfe": "undecodable",
            b"": "undecodable",
            b"{}": "undecodable",
            b"[1]": "undecodable",
            b'{"specversion": "1.0", "id": 7}': "undecodable",
            b'{"specversion":"1.0","type":"x.y.z.v1"}': "undecodable",
        }
        send(ledger, event("before"), *unreadable, event("after"))
        ledger.start(lanes="events", RETRY_DELAYS="300")
        until(lambda: hearings(ledger) == 2)
        until(lambda: ledger.count("select count(*) from dead_letters") == len(unreadable))
        letters = ledger.rows("select * from dead_letters")
        assert {bytes(letter.body): letter.reason.partition(":")[0] for letter in letters} == unreadable
        assert {(letter.attempts, letter.consumer) for letter in letters} == {(0, "ledger.on_entry_written")}
        until(lambda: ledger.queue_length(QUEUE) == 0)


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this module's own, to be stopped."""
    folder = Path(tempfile.mkdtemp(prefix="youth-city-"))
    where = place(is_test=True, root=folder)
    made = Postgres(where, Notes(where.data / "notes.json"))
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(where.data)
        shutil.rmtree(folder)


class TestOutage:
    def test_of_the_database_longer_than_all_retries_ends_without_a_dead_letter(
        self, own_postgres: Postgres, vhost: str
    ) -> None:
        delays = (0.2, 0.4)
        ledger = Ledger(own_postgres.url, vhost)
        try:
            with ledger.engine.begin() as connection:
                connection.exec_driver_sql(frozen())
                rights.settle(connection)
                connection.exec_driver_sql(LEDGER_TABLES)
            ledger.apply_topology()
            process = ledger.start(lanes="events", RETRY_DELAYS=",".join(map(str, delays)))
            send(ledger, event("while all is well"))
            until(lambda: hearings(ledger) == 1)
            ledger.engine.dispose()
            own_postgres.stop()
            send(ledger, *[event(f"while it is away {number}") for number in range(30)], b"unreadable")
            until(lambda: "youthcity_events_paused_total{" in ledger.health(process, "/metrics")[1], seconds=30)
            away_until = time.monotonic() + 10 * sum(delays)
            until(lambda: time.monotonic() > away_until)
            assert process.poll() is None
            own_postgres.start()
            until(lambda: hearings(ledger) == 31, seconds=60)
            until(lambda: ledger.count("select count(*) from dead_letters") == 1, what="the unreadable one")
            (letter,) = ledger.rows("select * from dead_letters")
            assert bytes(letter.body) == b"unreadable"
            until(lambda: ledger.queue_length(QUEUE) == 0)
            assert "youthcity_events_retried_total{" not in ledger.health(process, "/metrics")[1]
            assert ledger.count("select count(*) - count(distinct entry_id) from hearings") == 0
        finally:
            ledger.close()
