"""Events over the real broker and database: each effect once, failures retried and laid aside, neighbours unharmed."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import kombu

from chassis.broker import topology
from tests.chassis.ledger.service import WRITTEN
from tests.support.ledgers import Ledger
from tests.support.waiting import until

QUEUE = topology.consumer_queue("ledger.on_entry_written")


def write(ledger: Ledger, text: str) -> str:
    return str(ledger.call("write_entry", {"text": text}, key=uuid.uuid4().hex)["entry_id"])


def bodies(ledger: Ledger) -> list[bytes]:
    return [row.body.encode() for row in ledger.rows("select body from outbox order by created_at")]


class TestOnEvents:
    def test_applies_each_event_once_over_two_processes(self, ledger: Ledger) -> None:
        ledger.start()
        ledger.start()
        written = {write(ledger, f"entry {number}") for number in range(60)}
        until(lambda: ledger.count("select count(*) from hearings") >= 60)
        heard = [str(row.entry_id) for row in ledger.rows("select entry_id from hearings")]
        assert sorted(heard) == sorted(written)
        until(lambda: ledger.count("select count(*) from outbox where position is null") == 0)

    def test_absorbs_duplicates(self, ledger: Ledger) -> None:
        ledger.start()
        write(ledger, "thrice")
        until(lambda: ledger.count("select count(*) from hearings") == 1)
        for _ in range(3):
            ledger.publish(bodies(ledger)[0], exchange="", routing_key=QUEUE, content_type="application/json")
        write(ledger, "the last")
        until(lambda: ledger.count("select count(*) from hearings") == 2)
        until(lambda: ledger.queue_length(QUEUE) == 0)
        assert ledger.count("select count(*) from hearings") == 2

    def test_lays_a_poisoned_event_aside_and_applies_its_neighbours(self, ledger: Ledger) -> None:
        ledger.start(lanes="rpc,relay")
        for number in range(20):
            write(ledger, "poison" if number == 7 else f"sound {number}")
        until(lambda: ledger.queue_length(QUEUE) == 20)
        ledger.start(lanes="events")
        until(lambda: ledger.count("select count(*) from hearings") == 19)
        until(lambda: ledger.count("select count(*) from dead_letters") == 1)
        (letter,) = ledger.rows("select * from dead_letters")
        assert letter.consumer == "ledger.on_entry_written"
        assert letter.attempts == 3  # at once, and after each of the two retry tiers
        assert "poisoned" in letter.reason
        assert bytes(letter.body) in bodies(ledger)
        assert ledger.count("select count(*) from hearings") == 19

    def test_counts_no_attempt_while_the_database_is_away(self, ledger: Ledger) -> None:
        ledger.start(lanes="rpc,relay")
        process = ledger.start(lanes="events")
        with ledger.engine.begin() as blocker:
            blocker.exec_driver_sql("lock table hearings in access exclusive mode")
            write(ledger, "waits for the table")
            until(lambda: "youthcity_events_paused_total{" in ledger.health(process, "/metrics")[1], seconds=30)
        until(lambda: ledger.count("select count(*) from hearings") == 1)
        assert ledger.count("select count(*) from dead_letters") == 0

    def test_lays_what_the_broker_gave_up_on_aside_for_the_handler_it_was_for(self, ledger: Ledger) -> None:
        process = ledger.start(lanes="events")
        deaths = [{"reason": "delivery_limit", "queue": "ledger.on_something_else.v1"}]
        dead = topology.dead_queue("ledger")
        ledger.publish(b"{}", exchange="", routing_key=dead, application_headers={"x-death": deaths})
        counted = 'youthcity_events_dead_total{consumer="ledger.on_something_else",reason="delivery_limit"} 1.0'
        until(lambda: counted in ledger.health(process, "/metrics")[1])
        (letter,) = ledger.rows("select consumer, reason from dead_letters")
        assert tuple(letter) == ("ledger.on_something_else", "delivery_limit")


class TestRelay:
    def test_leaves_what_it_could_not_publish_for_the_next(self, ledger: Ledger) -> None:
        first = ledger.start(lanes="rpc")
        write(ledger, "before any relay")
        first.kill()
        assert ledger.count("select count(*) from outbox where position is null") == 1
        ledger.start()
        until(lambda: ledger.count("select count(*) from hearings") == 1)

    def test_says_what_waits_though_nothing_can_be_published(self, ledger: Ledger) -> None:
        ledger.start(lanes="rpc")
        write(ledger, "waits")
        relay = ledger.start(lanes="relay", AMQP_URI="amqp://guest:guest@127.0.0.1:1/")
        until(lambda: "youthcity_outbox_backlog 1.0" in ledger.health(relay, "/metrics")[1])

    def test_is_one_per_service_and_another_takes_over(self, ledger: Ledger) -> None:
        relays = [ledger.start(lanes="rpc,relay") for _ in range(2)]
        ledger.start(lanes="events")
        locks = "select count(*) from pg_locks where locktype = 'advisory' and granted and database = " + (
            "(select oid from pg_database where datname = current_database())"
        )
        until(lambda: ledger.count(locks) == 1)
        (holder,) = ledger.rows(
            "select application_name from pg_stat_activity a join pg_locks l using (pid) "
            "where locktype = 'advisory' and granted and a.datname = current_database()"
        )
        assert "relay" in holder.application_name
        relays[0].kill()
        write(ledger, "still relayed")
        until(lambda: ledger.count("select count(*) from hearings") == 1)

    def test_that_has_lost_the_broker_leaves_the_lock_to_one_that_has_not(self, ledger: Ledger) -> None:
        ledger.start(lanes="rpc,events")
        relay = ledger.start(lanes="relay", AMQP_URI="amqp://guest:guest@127.0.0.1:1/")
        write(ledger, "relayed by another")
        until(lambda: "youthcity_outbox_backlog 1.0" in ledger.health(relay, "/metrics")[1])
        ledger.start(lanes="relay")
        until(lambda: ledger.count("select count(*) from hearings") == 1)

    def test_does_not_mark_an_event_that_reached_no_queue(self, ledger: Ledger) -> None:
        ledger.start(lanes="rpc,relay")
        with kombu.Connection(ledger.amqp_uri) as connection:
            connection.channel().queue_delete(QUEUE)
        write(ledger, "to no queue")
        metrics = "youthcity_outbox_unroutable_total"
        until(lambda: f"{metrics} 0.0" not in ledger.health(ledger.processes[0], "/metrics")[1])
        assert ledger.count("select count(*) from outbox where published_at is null") == 1
        ledger.apply_topology()
        until(lambda: ledger.count("select count(*) from outbox where published_at is null") == 0)

    def test_speaks_to_a_stock_nameko_listener(self, ledger: Ledger) -> None:
        received: list[Any] = []
        arrived = threading.Event()
        with kombu.Connection(ledger.amqp_uri) as connection:
            # what nameko's @event_handler("ledger", WRITTEN) declares and binds
            exchange = kombu.Exchange("ledger.events", type="topic", durable=True)
            queue = kombu.Queue(f"evt-ledger-{WRITTEN}--listener.hear", exchange=exchange, routing_key=WRITTEN)

            def hear(body: Any, message: Any) -> None:
                received.append(body)
                message.ack()
                arrived.set()

            with connection.Consumer(queue, callbacks=[hear], accept=["json"]):
                ledger.start(lanes="rpc,relay")
                write(ledger, "heard outside")
                until(lambda: _drain(connection) or received)
        assert received[0]["type"] == WRITTEN
        assert received[0]["data"]["text"] == "heard outside"


def _drain(connection: kombu.Connection) -> None:
    try:
        connection.drain_events(timeout=0.2)
    except TimeoutError:
        pass
