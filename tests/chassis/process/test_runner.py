"""A service process from boot to its end: ready when it can serve, alive meanwhile, and gone within its grace."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid

from chassis.rpc.client import RpcTimeout
from contracts.language.refusals import Refusal
from tests.support.ledgers import Ledger
from tests.support.waiting import until

NO_BROKER = "amqp://guest:guest@127.0.0.1:1/"


class TestReadiness:
    def test_boots_without_a_broker_and_says_so(self, ledger: Ledger) -> None:
        process = ledger.start(wait=False, AMQP_URI=NO_BROKER)
        until(lambda: ledger.health(process, "/livez")[0] == 200)
        until(lambda: "not connected" in ledger.health(process, "/readyz")[1])
        assert ledger.health(process, "/readyz")[0] == 503

    def test_is_not_reported_before_requests_are_taken(self, ledger: Ledger) -> None:
        process = ledger.start(wait=False, LEDGER_SETUP_SECONDS="1")
        until(lambda: ledger.health(process, "/readyz") == (503, '{"process": "starting"}'))
        until(lambda: ledger.health(process, "/readyz")[0] == 200)
        assert ledger.call("echo", {"text": "x"}) == {"text": "x"}

    def test_says_when_migrations_are_behind(self, ledger: Ledger) -> None:
        process = ledger.start()
        status, body = ledger.health(process, "/readyz")
        assert (status, "ok" in body) == (200, True)

    def test_stays_alive_and_measured_while_all_workers_are_busy(self, ledger: Ledger) -> None:
        process = ledger.start(LEDGER_RPC_WORKERS="2")
        calls = [threading.Thread(target=ledger.call, args=("wait", {"seconds": 1.5})) for _ in range(6)]
        for call in calls:
            call.start()
        until(lambda: 'youthcity_workers_busy{lane="rpc"} 2.0' in ledger.health(process, "/metrics")[1])
        started = time.monotonic()
        assert ledger.health(process, "/livez")[0] == 200
        assert time.monotonic() - started < 1
        for call in calls:
            call.join()


class TestEnd:
    def test_finishes_what_runs_and_repeats_none_of_it(self, ledger: Ledger) -> None:
        process = ledger.start(lanes="rpc")
        outcome: list[object] = []
        fields, key = {"seconds": 1.0}, uuid.uuid4().hex
        caller = threading.Thread(target=lambda: outcome.append(ledger.call("write_slowly", fields, key=key)))
        caller.start()
        until(lambda: 'youthcity_workers_busy{lane="rpc"} 1.0' in ledger.health(process, "/metrics")[1])
        process.terminate()
        assert process.wait(8) == 0
        caller.join()
        assert len(outcome) == 1
        assert ledger.queue_length("rpc-ledger") == 0
        assert ledger.count("select count(*) from entries") == 1

    def test_finishes_the_events_at_hand_and_repeats_none(self, ledger: Ledger) -> None:
        ledger.start(lanes="rpc,relay")
        process = ledger.start(lanes="events")
        ledger.call("write_entry", {"text": "slow-hearing 1.0"}, key=uuid.uuid4().hex)
        until(lambda: 'youthcity_workers_busy{lane="events"} 1.0' in ledger.health(process, "/metrics")[1])
        process.terminate()
        assert process.wait(8) == 0
        assert ledger.count("select count(*) from hearings") == 1
        assert ledger.queue_length("ledger.on_entry_written.v1") == 0

    def test_ends_by_force_when_a_worker_is_stuck(self, ledger: Ledger) -> None:
        process = ledger.start(lanes="rpc", GRACE_SECONDS="1")
        caller = threading.Thread(target=_ignore_outcome, args=(ledger, {"seconds": 30.0}))
        caller.start()
        until(lambda: 'youthcity_workers_busy{lane="rpc"} 1.0' in ledger.health(process, "/metrics")[1])
        process.terminate()
        assert process.wait(6) == 70
        caller.join()

    def test_ends_while_the_broker_is_away(self, ledger: Ledger) -> None:
        process = ledger.start(wait=False, AMQP_URI=NO_BROKER)
        until(lambda: ledger.health(process, "/livez")[0] == 200)
        process.terminate()
        assert process.wait(8) == 0

    def test_ends_with_78_when_a_queue_has_other_arguments(self, ledger: Ledger) -> None:
        from chassis.broker.wire import Wire

        wire = Wire(ledger.amqp_uri, name="test", heartbeat=0)
        wire.connection.channel().queue_declare(
            "rpc-ledger", durable=True, auto_delete=False, arguments={"x-max-length": 5}
        )
        wire.close()
        process = ledger.start(lanes="rpc", wait=False)
        assert process.wait(15) == 78


def _ignore_outcome(ledger: Ledger, fields: dict[str, float]) -> None:
    with contextlib.suppress(RpcTimeout, Refusal):
        ledger.call("wait", fields, timeout=8)
