"""What each broker user may and may not do, tried on a real broker with a service and a client behind it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import amqp
import kombu
import pytest

from chassis.broker import topology
from chassis.rpc.calls import CallContext
from chassis.rpc.client import RpcClient
from deploy.local.broker_users import GATEWAY, listener_permissions, permissions
from examples.listening import queue_of
from tests.support.ledgers import Ledger, ledger
from tests.support.servers import Broker

__all__ = ["ledger"]

MakeUser = Callable[..., str]


@pytest.fixture
def user_like(broker: Broker, vhost: str) -> Iterator[MakeUser]:
    """Makes a broker user with the rights of the named process in the test's vhost; returns its URI."""
    made: list[str] = []
    name_of_vhost = quote(urlsplit(vhost).path[1:], safe="")

    def make(process: str, rights: Callable[[str], dict[str, str]] = permissions) -> str:
        user = f"test-{process}-{uuid.uuid4().hex[:8]}"
        broker.ask("PUT", f"/users/{user}", json.dumps({"password": user, "tags": ""}).encode())
        broker.ask("PUT", f"/permissions/{name_of_vhost}/{user}", json.dumps(rights(process)).encode())
        made.append(user)
        parts = urlsplit(vhost)
        return parts._replace(netloc=f"{user}:{user}@{parts.hostname}:{parts.port}").geturl()

    yield make
    for user in made:
        broker.ask("DELETE", f"/users/{user}")


@pytest.fixture
def connect() -> Iterator[Callable[[str], amqp.Connection]]:
    opened: list[amqp.Connection] = []

    def open_one(uri: str) -> amqp.Connection:
        parts = urlsplit(uri)
        connection = amqp.Connection(
            host=f"{parts.hostname}:{parts.port}",
            userid=parts.username,
            password=parts.password,
            virtual_host=parts.path[1:],
        )
        connection.connect()
        opened.append(connection)
        return connection

    yield open_one
    for connection in opened:
        connection.close()


def is_refused(connection: amqp.Connection, act: Callable[[amqp.Channel], Any]) -> bool:
    """Whether the broker says no for want of rights."""
    channel = connection.channel()
    try:
        act(channel)
        channel.close()
    except amqp.AccessRefused:
        return True
    return False


class TestAService:
    def test_may_declare_and_use_what_bears_its_name(self, user_like: MakeUser, connect: Any) -> None:
        channel = connect(user_like("perks")).channel()
        topology.declare_sources(channel, ["perks"])
        topology.declare_requests(channel, "perks")
        topology.declare_retries(channel, "perks", [5.0])
        for consumer in topology.consumers_of("perks"):
            topology.declare_handler(channel, consumer, topology.consumed_types(consumer))
            channel.basic_consume(topology.consumer_queue(consumer))
        channel.confirm_select()
        channel.basic_publish_confirm(amqp.Message("{}"), exchange="perks.events", routing_key="perks.x.done.v1")

    def test_may_neither_read_nor_write_what_bears_anothers(
        self, vhost: str, user_like: MakeUser, connect: Any
    ) -> None:
        ops = connect(vhost).channel()
        topology.declare_all(ops, delays=[5.0])
        perks = connect(user_like("perks"))
        talent = connect(user_like("talent"))
        assert is_refused(perks, lambda channel: channel.basic_consume("rpc-talent"))
        assert is_refused(perks, lambda channel: channel.queue_purge("events.dead"))
        assert is_refused(perks, lambda channel: channel.queue_declare("talent.mine"))
        assert is_refused(talent, lambda channel: channel.basic_consume("perks.on_affiliation_changed.v1"))
        assert is_refused(talent, lambda channel: channel.queue_delete("perks.on_affiliation_changed.v1"))
        assert is_refused(talent, lambda channel: _publish(channel, "perks.events"))


class TestTheGateway:
    def test_is_answered_by_a_service_and_both_have_only_their_own_rights(
        self, ledger: Ledger, user_like: MakeUser
    ) -> None:
        gateway = user_like(GATEWAY)
        name = urlsplit(gateway).username or ""
        ledger.start(LEDGER_AMQP_URI=user_like("ledger"), GATEWAY_BROKER_USER=name)
        client = RpcClient(gateway, name="test")
        context = CallContext("tester", "test_department", "request-1", idempotency_key=str(uuid.uuid4()))
        try:
            written = client.call("ledger", "write_entry", {"text": "hello"}, context=context, timeout=10)
            assert written["text"] == "hello"
        finally:
            client.close()

    def test_may_touch_no_queue_and_no_event(self, vhost: str, user_like: MakeUser, connect: Any) -> None:
        topology.declare_all(connect(vhost).channel(), delays=[5.0])
        gateway = connect(user_like(GATEWAY))
        assert is_refused(gateway, lambda channel: channel.basic_consume("rpc-talent"))
        assert is_refused(gateway, lambda channel: channel.basic_get("perks.on_affiliation_changed.v1"))
        assert is_refused(gateway, lambda channel: channel.queue_declare("mine"))
        assert is_refused(gateway, lambda channel: _publish(channel, "talent.events"))

    def test_nobody_else_can_speak_in_its_name(self, user_like: MakeUser, connect: Any) -> None:
        name = urlsplit(user_like(GATEWAY)).username
        channel = connect(user_like("perks")).channel()
        topology.declare_requests(channel, "perks")
        channel.confirm_select()
        message = amqp.Message("{}", user_id=name)
        with pytest.raises(amqp.PreconditionFailed):
            channel.basic_publish_confirm(message, exchange="nameko-rpc", routing_key="perks.get_scheme")


class TestADepartmentThatListens:
    def test_may_hear_events_on_queues_of_its_own(self, vhost: str, user_like: MakeUser, connect: Any) -> None:
        topology.declare_all(connect(vhost).channel(), delays=[5.0])
        education = user_like("education", listener_permissions)
        queue = queue_of("education.inbox", ("talent.affiliation.ended.v1", "perks.pass.redeemed.v1"))
        with kombu.Connection(education) as connection:
            queue(connection.default_channel).declare()
        connect(education).channel().basic_consume("education.inbox")

    def test_may_touch_no_queue_of_the_platform_and_publish_nothing(
        self, vhost: str, user_like: MakeUser, connect: Any
    ) -> None:
        topology.declare_all(connect(vhost).channel(), delays=[5.0])
        education = connect(user_like("education", listener_permissions))
        assert is_refused(education, lambda channel: channel.basic_consume("perks.on_affiliation_changed.v1"))
        assert is_refused(education, lambda channel: channel.queue_declare("perks.mine"))
        assert is_refused(education, lambda channel: channel.queue_unbind("perks.mine", "talent.events", "x"))
        for exchange in ("talent.events", "nameko-rpc", ""):
            assert is_refused(education, lambda channel, exchange=exchange: _publish(channel, exchange))


def _publish(channel: amqp.Channel, exchange: str) -> None:
    channel.confirm_select()
    channel.basic_publish_confirm(amqp.Message("{}"), exchange=exchange, routing_key="x")
