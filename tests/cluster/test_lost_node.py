"""A broker node is lost: who goes on, after how long, and that no event is lost or doubled by it (docs/cluster.md)."""

from __future__ import annotations

import time

import pytest

from chassis.broker.topology import consumer_queue
from chassis.rpc.calls import rpc_queue
from chassis.rpc.client import RpcTimeout, ServiceUnavailable
from deploy.local.rabbitmq.cluster import Node
from tests.cluster.conftest import Site, Writers, writing
from tests.support.ledgers import Ledger
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(480)

RESUMED_SECONDS = 15
REQUESTS = rpc_queue("ledger")
HANDLER = consumer_queue("ledger.on_entry_written")


class TestQuorumQueues:
    def test_answer_within_seconds_though_the_node_that_leads_them_is_lost_one_after_the_other(
        self, site: Site, ledger: Ledger
    ) -> None:
        for _ in range(2):
            ledger.start(QUORUM_REQUESTS="1")
        with writing(ledger.amqp_uri, count=4) as writers:
            writers.go_on(seconds=30)
            first = lose_and_find_again(site, site.node_of(REQUESTS), writers, ledger)
            second = lose_and_find_again(site, site.node_of(HANDLER), writers, ledger)
            assert second is not first
        until(lambda: ledger.count("select count(*) from outbox where published_at is null") == 0, seconds=30)
        acknowledged = writers.acknowledged
        until(lambda: len(received(ledger)) >= len(acknowledged), seconds=60, what="receiving every entry")
        assert len(set(acknowledged)) == len(acknowledged) == ledger.count("select count(*) from entries")
        assert sorted(received(ledger)) == sorted(acknowledged)
        assert ledger.count("select count(*) from dead_letters") == 0


def lose_and_find_again(site: Site, node: Node, writers: Writers, ledger: Ledger) -> Node:
    """Kill the node, see requests and events go on without it, and the cluster whole when it is back."""
    node.stop()
    lost_at = time.monotonic()
    entries = writers.go_on(seconds=RESUMED_SECONDS)
    print(f"{node.name}: every client is answered again after {time.monotonic() - lost_at:.1f} s")
    until(lambda: set(entries) <= set(received(ledger)), seconds=30, what="receiving what was written without the node")
    node.begin()
    node.await_ready()
    until(site.is_whole, seconds=60, what="the cluster being whole")
    writers.go_on(seconds=RESUMED_SECONDS)
    return node


def received(ledger: Ledger) -> list[str]:
    """The entries the handler received, each as often as it took effect."""
    return [str(row.entry_id) for row in ledger.rows("select entry_id from hearings")]


class TestClassicRequestQueue:
    def test_is_refused_at_once_while_its_node_is_lost_and_answers_when_it_is_back(
        self, site: Site, ledger: Ledger
    ) -> None:
        process = ledger.start(lanes="rpc")
        assert ledger.call("echo", {"text": "before"}) == {"text": "before"}
        node = site.node_of(REQUESTS)
        node.stop()
        # a request sent before the loss is noticed is never answered
        until(lambda: site.queue(REQUESTS).get("state") == "down", what="the others noticing")
        until(lambda: all(outcome(ledger, seconds=2) == "unavailable" for _ in range(5)), what="a clear refusal")
        started = time.monotonic()
        assert {outcome(ledger) for _ in range(5)} == {"unavailable"}
        assert time.monotonic() - started < 5
        node.begin()
        node.await_ready()
        until(lambda: outcome(ledger) == "answered", seconds=60, what="an answer")
        assert process.poll() is None


def outcome(ledger: Ledger, *, seconds: float = 10) -> str:
    """What a caller gets that waits up to `seconds`."""
    try:
        ledger.call("echo", {"text": "x"}, timeout=seconds)
    except ServiceUnavailable:
        return "unavailable"
    except RpcTimeout:
        return "unknown"
    return "answered"
