"""What each process's broker user may and may not do, tried on a real broker with a service and a client behind it."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

import amqp
import pytest

from chassis.broker import topology
from chassis.broker.wire import Wire
from chassis.rpc.calls import CallContext
from chassis.rpc.client import RpcClient
from chassis.rpc.server import CallerNotTrusted
from contracts.catalogue import EVENTS
from contracts.language.event_types import EventType
from contracts.language.refusals import Refusal
from deploy.local.broker_users import GATEWAY
from tests.chassis.ledger.service import WRITTEN, Written
from tests.deploy.rights import ENDED, REDEEMED, MakeUser, former_rights, is_refused, of_process, publish
from tests.support.ledgers import Ledger, ledger
from tests.support.waiting import until

__all__ = ["ledger"]


@pytest.fixture
def ledger_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rights of the ledger's user follow from the catalogue, as everybody's do."""
    monkeypatch.setitem(EVENTS, WRITTEN, EventType(WRITTEN, schema=Written, subscribers=("ledger.on_entry_written",)))


class TestAService:
    @pytest.mark.parametrize("service", topology.services())
    def test_may_declare_and_use_what_bears_its_name(
        self, ops: amqp.Channel, user_like: MakeUser, connect: Any, service: str
    ) -> None:
        channel = connect(user_like(service)).channel()
        topology.declare_sources(channel, [service])
        topology.declare_requests(channel, service)
        topology.declare_retries(channel, service, [5.0])
        for consumer in topology.consumers_of(service):
            topology.declare_handler(channel, consumer, topology.consumed_types(consumer))
            channel.basic_consume(topology.consumer_queue(consumer))
        channel.confirm_select()
        for event_type in (one for one in EVENTS if topology.source_of(one) == service):
            channel.basic_publish_confirm(amqp.Message("{}"), exchange=f"{service}.events", routing_key=event_type)

    def test_may_neither_read_nor_write_what_bears_anothers(
        self, ops: amqp.Channel, user_like: MakeUser, connect: Any
    ) -> None:
        perks = connect(user_like("perks"))
        talent = connect(user_like("talent"))
        assert is_refused(perks, lambda channel: channel.basic_consume("rpc-talent"))
        assert is_refused(perks, lambda channel: channel.queue_purge("events.dead"))
        assert is_refused(perks, lambda channel: channel.queue_declare("talent.mine"))
        assert is_refused(talent, lambda channel: channel.basic_consume("perks.on_affiliation_changed.v1"))
        assert is_refused(talent, lambda channel: channel.queue_delete("perks.on_affiliation_changed.v1"))
        assert is_refused(talent, lambda channel: publish(channel, "perks.events", REDEEMED))
        assert is_refused(talent, lambda channel: publish(channel, "talent.events", REDEEMED))
        for exchange in ("nameko-rpc", "talent.events"):
            assert is_refused(perks, lambda channel, exchange=exchange: channel.exchange_delete(exchange))

    def test_hears_no_request_to_another_and_no_event_but_its_own(
        self, ops: amqp.Channel, user_like: MakeUser, connect: Any
    ) -> None:
        notify = connect(user_like("notify"))
        topology.declare_retries(notify.channel(), "notify", [])
        bind = lambda key, exchange="nameko-rpc": lambda channel: channel.queue_bind("notify.dead", exchange, key)  # noqa: E731
        assert not is_refused(notify, bind("notify.*"))
        for key in ("talent.register_person", "talent.*", "*.register_person", "#"):
            assert is_refused(notify, bind(key))
        assert not is_refused(notify, bind("perks.entitlement.granted.v1", "perks.events"))
        for key, exchange in ((REDEEMED, "perks.events"), ("#", "perks.events"), (ENDED, "talent.events")):
            assert is_refused(notify, bind(key, exchange))

    def test_asks_no_other_but_notify_for_contacts(self, ops: amqp.Channel, user_like: MakeUser, connect: Any) -> None:
        events, notify = connect(user_like("events")), connect(user_like("notify"))
        assert is_refused(events, lambda channel: publish(channel, "nameko-rpc", "talent.get_import_workbook"))
        assert is_refused(events, lambda channel: publish(channel, "nameko-rpc", "talent.read_contacts"))
        assert is_refused(notify, lambda channel: publish(channel, "nameko-rpc", "talent.get_person"))
        assert not is_refused(notify, lambda channel: publish(channel, "nameko-rpc", "talent.read_contacts"))

    def test_that_still_has_the_rights_of_before_is_not_told_what_it_asks_for_another_department(
        self, ledger: Ledger, user_like: MakeUser
    ) -> None:
        gateway = urlsplit(user_like(GATEWAY)).username or ""
        ledger.start(lanes="rpc", GATEWAY_BROKER_USER=gateway)
        forger = RpcClient(user_like("events", former_rights), name="test")
        context = CallContext("tester", "youth_league", "request-1")
        try:
            with pytest.raises(Refusal) as refused:
                forger.call("ledger", "echo", {"text": "a workbook"}, context=context, timeout=10)
            assert refused.value.to_wire()["code"] == CallerNotTrusted.code
        finally:
            forger.close()


class TestTheGateway:
    @pytest.mark.parametrize("rights_of", [of_process, former_rights], ids=["today", "before"])
    def test_is_answered_by_a_service_and_both_have_only_their_own_rights(
        self, ledger: Ledger, user_like: MakeUser, ledger_known: None, rights_of: Any
    ) -> None:
        """Also with the rights of before, as long as an upgrade takes."""
        topology.declare_requests(_channel(ledger.amqp_uri), "ledger")
        gateway, service = user_like(GATEWAY, rights_of), user_like("ledger", rights_of)
        name, own = (urlsplit(uri).username or "" for uri in (gateway, service))
        ledger.start(LEDGER_AMQP_URI=service, GATEWAY_BROKER_USER=name, LEDGER_BROKER_USER=own)
        client = RpcClient(gateway, name="test")
        context = CallContext("tester", "test_department", "request-1", idempotency_key=str(uuid.uuid4()))
        try:
            written = client.call("ledger", "write_entry", {"text": "hello"}, context=context, timeout=10)
            assert written["text"] == "hello"
            until(lambda: ledger.count("select count(*) from hearings") == 1, what="its event is heard")
        finally:
            client.close()

    def test_may_touch_no_queue_and_no_event(self, vhost: str, user_like: MakeUser, connect: Any) -> None:
        topology.declare_all(connect(vhost).channel(), delays=[5.0])
        gateway = connect(user_like(GATEWAY))
        assert is_refused(gateway, lambda channel: channel.basic_consume("rpc-talent"))
        assert is_refused(gateway, lambda channel: channel.basic_get("perks.on_affiliation_changed.v1"))
        assert is_refused(gateway, lambda channel: channel.queue_declare("mine"))
        assert is_refused(gateway, lambda channel: publish(channel, "talent.events", ENDED))

    def test_nobody_else_can_speak_in_its_name(self, ops: amqp.Channel, user_like: MakeUser, connect: Any) -> None:
        name = urlsplit(user_like(GATEWAY)).username
        channel = connect(user_like("notify")).channel()
        channel.confirm_select()
        message = amqp.Message("{}", user_id=name)
        with pytest.raises(amqp.PreconditionFailed):
            channel.basic_publish_confirm(message, exchange="nameko-rpc", routing_key="talent.read_contacts")


def _channel(uri: str) -> amqp.Channel:
    return Wire(uri, name="test", heartbeat=0).connection.channel()
