"""Connections are closed again: after a set-up that fails, after a while without use, and where only one end lives."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlsplit

import amqp
import pytest

from chassis.broker import publisher, wire
from chassis.broker.consumer import LaneConsumer
from chassis.broker.publisher import ConfirmedPublisher, Outgoing
from chassis.broker.wire import CONNECTION_ERRORS, Wire
from chassis.rpc import calls
from chassis.rpc.client import RpcClient
from chassis.rpc.presence import Presence
from tests.support.proxy import Proxy
from tests.support.servers import Broker
from tests.support.waiting import until


def ports(broker: Broker, uri: str) -> list[int]:
    """The connections of a vhost that the broker has open, by the port they come from."""
    vhost = urlsplit(uri).path[1:]
    found = [one["name"] for one in json.loads(broker.ask("GET", "/connections")) if one["vhost"] == vhost]
    return [int(name.partition(" -> ")[0].rpartition(":")[2]) for name in found]


def only_one_is_left(broker: Broker, uri: str) -> None:
    """The broker counts a connection that is opened now, and none of those before it."""
    last = Wire(uri, name="test.last", heartbeat=0)
    own = last.connection.transport.sock.getsockname()[1]
    until(lambda: own in ports(broker, uri), what="the last connection in the broker's list")
    until(lambda: ports(broker, uri) == [own], what="the end of the others")
    last.close()


@pytest.fixture
def restricted(broker: Broker, vhost: str) -> str:
    """A vhost where we may declare nothing, as before the rights were imported."""
    path = f"/permissions/{urlsplit(vhost).path[1:]}/{quote(broker.user)}"
    broker.ask("PUT", path, b'{"configure":"^$","write":".*","read":".*"}')
    return vhost


def publish_to_nowhere(uri: str) -> None:
    with pytest.raises(amqp.AccessRefused):
        ConfirmedPublisher(uri, name="test.publisher", exchanges=("missing",)).publish([Outgoing("x", "missing", "x")])


def connect_client(uri: str) -> None:
    assert RpcClient(uri, name="test.client").ping() is False


def open_no_vhost(uri: str) -> None:
    with pytest.raises(amqp.NotAllowed):
        Wire(f"{uri}-gone", name="test.nowhere")


class TestASetUpThatFails:
    @pytest.mark.parametrize("attempt", [publish_to_nowhere, connect_client, open_no_vhost])
    def test_leaves_no_connection_behind(self, broker: Broker, restricted: str, attempt: Callable[[str], None]) -> None:
        for _ in range(3):
            attempt(restricted)
        only_one_is_left(broker, restricted)

    def test_for_want_of_a_thread_leaves_none_either(
        self, broker: Broker, vhost: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", _no_thread)
            for _ in range(3):
                with pytest.raises(RuntimeError):
                    Wire(vhost, name="test.threadless")
        only_one_is_left(broker, vhost)


def _no_thread(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


class TestAPublisher:
    def test_closes_what_is_not_used_and_says_nothing_of_it(
        self, vhost: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(publisher, "IDLE_SECONDS", 0.3)
        caplog.set_level(logging.INFO)
        sender = ConfirmedPublisher(vhost, name="test.idle")
        for number in range(2):
            assert sender.publish([Outgoing("x", "", "nowhere", message_id=f"{number}")]) == {f"{number}"}
            first = sender._wire
            assert first is not None and first.is_open
            until(lambda: sender._wire is None, what="the end of the idle connection")
            until(lambda wire=first: not wire.is_open)
        assert [record.getMessage() for record in caplog.records] == []

    def test_keeps_what_is_kept_alive(self, vhost: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(publisher, "IDLE_SECONDS", 0.5)
        sender = ConfirmedPublisher(vhost, name="test.kept")
        sender.publish([Outgoing("x", "", "nowhere", message_id="x")])
        first, ends = sender._wire, time.monotonic() + 1.5
        until(lambda: sender.keep_alive() or time.monotonic() > ends)
        assert sender._wire is first
        sender.close()

    def test_tells_of_each_new_connection_before_it_publishes(self, vhost: str) -> None:
        connected: list[Wire] = []
        sender = ConfirmedPublisher(vhost, name="test.told", on_connect=connected.append)
        for _ in range(2):
            sender.publish([Outgoing("x", "", "nowhere", message_id="x")])
        sender.close()
        sender.publish([Outgoing("x", "", "nowhere", message_id="x")])
        assert len(connected) == len(set(connected)) == 2
        sender.close()


class TestPresence:
    @pytest.fixture
    def proxy(self, vhost: str) -> Iterator[Proxy]:
        parts = urlsplit(vhost)
        made = Proxy(parts.hostname or "", parts.port or 5672)
        yield made
        made.close()

    def test_asks_anew_where_only_its_own_end_of_the_connection_lives(self, vhost: str, proxy: Proxy) -> None:
        presence = Presence(proxy.uri(vhost), name="test.presence")
        assert presence.of("talent", time.monotonic() + 5).consumers == 0
        proxy.forget()
        started = time.monotonic()
        assert presence.of("perks", started + 5).consumers == 0
        assert time.monotonic() - started < 3
        presence.close()

    def test_says_in_time_that_a_broker_stands_still(self, vhost: str, proxy: Proxy) -> None:
        presence = Presence(proxy.uri(vhost), name="test.presence")
        presence.of("talent", time.monotonic() + 5)
        proxy.freeze()
        started = time.monotonic()
        with pytest.raises(CONNECTION_ERRORS):
            presence.of("perks", started + 2)
        assert time.monotonic() - started < 3


class TestAnAnswerThatCannotBeWritten:
    @pytest.mark.parametrize("settle", [LaneConsumer.ack, LaneConsumer.give_back, LaneConsumer.drop])
    def test_ends_the_connection_so_that_the_message_comes_again(
        self, vhost: str, monkeypatch: pytest.MonkeyPatch, settle: Callable[..., None]
    ) -> None:
        queue, arrived = calls.rpc_queue("test"), []
        consumer = LaneConsumer()
        held = consumer._wire = Wire(vhost, name="test.held", heartbeat=0)
        channel = held.connection.channel()
        channel.queue_declare(queue, auto_delete=False)
        channel.basic_consume(queue, callback=arrived.append)
        held.publish(channel, "x", exchange="", routing_key=queue)
        assert held.read_until(lambda: bool(arrived), timeout=5)
        monkeypatch.setattr(wire, "WRITE_LIMIT_BYTES", -1)  # the broker takes no more bytes
        settle(consumer, arrived[0])
        monkeypatch.undo()
        assert not held.is_open
        other = Wire(vhost, name="test.other", heartbeat=0)
        until(lambda: other.connection.channel().queue_declare(queue, passive=True).message_count == 1)
        other.close()
