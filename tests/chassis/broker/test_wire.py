"""Connections where the broker is a cluster: which of its nodes they go to, how long they look for one, when they are left."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.broker.wire import CONNECTION_ERRORS, Wire
from chassis.rpc.calls import CallContext
from chassis.rpc.client import RpcClient, RpcTimeout
from contracts.language.refusals import Refusal
from deploy.local.throwaway import free_port
from tests.support.ledgers import Ledger
from tests.support.servers import Broker
from tests.support.waiting import until

CONTEXT = CallContext("tester", "test_department", "request-1")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never sends anything, like a node that hangs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


def node_at(port: int) -> str:
    return f"amqp://guest:guest@127.0.0.1:{port}/"


class TestWire:
    def test_passes_over_nodes_that_are_gone(self, vhost: str) -> None:
        nodes = [node_at(free_port()), vhost, node_at(free_port())]
        for _ in range(12):  # the order is drawn anew each time
            wire = Wire(";".join(nodes), name="test.wire", heartbeat=0)
            assert wire.is_open
            wire.close()

    def test_gives_a_node_that_stands_still_its_share_of_the_time_and_no_more(
        self, vhost: str, silent_port: int
    ) -> None:
        started = time.monotonic()
        for _ in range(4):
            Wire(f"{node_at(silent_port)};{vhost}", name="test.wire", heartbeat=0, connect_timeout=2).close()
        assert time.monotonic() - started < 4 * 2

    def test_says_so_in_time_where_no_node_answers(self, silent_port: int) -> None:
        uri = ";".join([node_at(silent_port), node_at(silent_port), node_at(free_port())])
        started = time.monotonic()
        with pytest.raises(CONNECTION_ERRORS):
            Wire(uri, name="test.wire", heartbeat=0, connect_timeout=1)
        assert time.monotonic() - started < 3

    def test_spreads_over_the_nodes(self, broker: Broker) -> None:
        names = [broker.make_vhost() for _ in range(2)]
        try:
            uri = ";".join(broker.uri(name) for name in names)
            wires = [Wire(uri, name="test.wire", heartbeat=0) for _ in range(24)]
            assert {wire.connection.virtual_host for wire in wires} == set(names)
            for wire in wires:
                wire.close()
        finally:
            for name in names:
                broker.ask("DELETE", f"/vhosts/{name}")


class TestService:
    def test_serves_and_is_called_past_nodes_that_are_gone(self, ledger: Ledger) -> None:
        uri = f"{node_at(free_port())};{ledger.amqp_uri};{node_at(free_port())}"
        ledger.start(AMQP_URI=uri)
        for _ in range(4):
            client = RpcClient(uri, name="test.client", user_id=ledger.client._user_id)
            assert client.call("ledger", "echo", {"text": "here"}, context=CONTEXT, timeout=5) == {"text": "here"}
            client.close()


class TestACallThatIsNotAnswered:
    """A channel opened while a cluster loses a node may publish into nowhere for ever (tests/cluster shows it for real)."""

    def test_is_the_last_on_its_connection_and_the_calls_still_open_there_are_answered(self, ledger: Ledger) -> None:
        ledger.start(lanes="rpc")
        with ThreadPoolExecutor(1) as aside:
            slow = aside.submit(ledger.call, "wait", {"seconds": 4}, timeout=15)
            first = until(lambda: ledger.client._pending and ledger.client._wire)
            first.publish = lambda *arguments, **properties: None
            with pytest.raises(RpcTimeout):
                ledger.call("echo", {"text": "into nowhere"}, timeout=1.5)
            assert ledger.call("echo", {"text": "here"}) == {"text": "here"}
            assert first.is_open
            assert slow.result() == {"seconds": 4}
        until(lambda: not first.is_open, what="the end of the connection that was left")

    def test_ends_no_connection_on_which_others_are_answered(self, ledger: Ledger) -> None:
        ledger.start(lanes="rpc")
        ledger.call("echo", {"text": "warm"})
        first = ledger.client._wire
        with ThreadPoolExecutor(1) as aside:
            slow = aside.submit(ledger.call, "wait", {"seconds": 8}, timeout=5)
            until(lambda: ledger.client._pending)
            ledger.call("echo", {"text": "meanwhile"})
            with pytest.raises((RpcTimeout, Refusal)):  # the service's own word may come first
                slow.result()
        assert ledger.client._wire is first
