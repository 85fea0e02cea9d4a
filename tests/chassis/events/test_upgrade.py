"""Processes of two versions side by side: what one does not know waits for the other, and what nobody hears is unbound."""

from __future__ import annotations

from collections.abc import Iterator

import amqp
import pytest

from chassis.broker import topology
from chassis.broker.wire import Wire
from contracts.catalogue import EVENTS
from tests.chassis.events.test_poison import QUEUE, event, hearings, send
from tests.chassis.ledger.service import CORRECTED
from tests.support.ledgers import Ledger
from tests.support.waiting import until

CONSUMER = "perks.on_affiliation_changed"
NEVER_HEARD = "notify.template.withdrawn.v1"


class TestAnEventOfAnUnknownType:
    def test_waits_until_a_newer_process_is_there(self, ledger: Ledger) -> None:
        old = ledger.start(lanes="events", RETRY_DELAYS="1")
        send(ledger, event("of tomorrow", event_type=CORRECTED), event("of today"))
        until(lambda: hearings(ledger) == 1)
        until(lambda: ledger.queue_length(topology.retry_tier("ledger", 1)) == 1, what="tomorrow's in the retry tier")
        old.kill()
        ledger.start(lanes="events", RETRY_DELAYS="1", LEDGER_IS_NEWER="1")
        until(lambda: hearings(ledger) == 2)
        assert ledger.count("select count(*) from dead_letters") == 0

    def test_is_given_up_after_the_last_tier(self, ledger: Ledger) -> None:
        ledger.start(lanes="events")
        bodies = {event("of another", event_type="talent.person.registered.v1"), event("?", event_type="x.y.z.v9")}
        send(ledger, *bodies)
        until(lambda: ledger.count("select count(*) from dead_letters") == 2)
        letters = ledger.rows("select * from dead_letters")
        assert {bytes(letter.body) for letter in letters} == bodies
        assert {letter.reason.partition(":")[0] for letter in letters} == {"unknown_type"}
        assert {letter.attempts for letter in letters} == {3}

    def test_is_no_more_believed_for_having_waited(self, ledger: Ledger) -> None:
        """It came back from the tier under the service's own name."""
        old = ledger.start(lanes="events", RETRY_DELAYS="1")
        forged = event("forged", event_type=CORRECTED)
        ledger.publish(forged, exchange="", routing_key=QUEUE, user_id=None, delivery_mode=2)
        until(lambda: ledger.queue_length(topology.retry_tier("ledger", 1)) == 1)
        old.kill()
        ledger.start(lanes="events", RETRY_DELAYS="1", LEDGER_IS_NEWER="1")
        until(lambda: ledger.count("select count(*) from dead_letters") == 1)
        assert ledger.rows("select reason from dead_letters")[0].reason.startswith("sender_not_trusted")
        assert hearings(ledger) == 0


class TestTopology:
    @pytest.fixture
    def channel(self, vhost: str) -> Iterator[amqp.Channel]:
        wire = Wire(vhost, name="test", heartbeat=0)
        opened = wire.connection.channel()
        topology.declare_all(opened, delays=[5])
        opened.confirm_select()
        yield opened
        wire.close()

    def test_is_rid_of_what_a_handler_no_longer_hears(
        self, channel: amqp.Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard = topology.consumed_types(CONSUMER)[0]
        unheard = next(one for one in EVENTS if CONSUMER not in EVENTS[one].subscribers)
        monkeypatch.setattr(topology, "RETIRED", (NEVER_HEARD,))
        for event_type in (unheard, NEVER_HEARD):
            bind(channel, event_type)
        for event_type in (heard, unheard, NEVER_HEARD):
            publish(channel, event_type)
        assert waiting(channel) == 3
        topology.declare_all(channel, delays=[5])
        for event_type in (heard, unheard, NEVER_HEARD):
            publish(channel, event_type)
        assert waiting(channel) == 4

    def test_keeps_what_a_newer_process_hears_when_an_older_one_connects(self, channel: amqp.Channel) -> None:
        bind(channel, NEVER_HEARD)
        topology.declare_handler(channel, CONSUMER, topology.consumed_types(CONSUMER))
        publish(channel, NEVER_HEARD)
        assert waiting(channel) == 1

    def test_names_the_types_that_miss_a_subscriber(self, vhost: str, channel: amqp.Channel) -> None:
        """The other subscribers' queues take the event, so the publisher is told of nothing."""
        wire = Wire(vhost, name="test.missing", heartbeat=0)
        assert topology.missing_subscriber_queues(wire, "talent") == {}
        gone = topology.consumer_queue(CONSUMER)
        channel.queue_delete(gone)
        types = [one for one in topology.consumed_types(CONSUMER) if topology.source_of(one) == "talent"]
        assert topology.missing_subscriber_queues(wire, "talent") == {one: [gone] for one in types}
        assert any(len(EVENTS[one].subscribers) > 1 for one in types)
        wire.close()


def bind(channel: amqp.Channel, event_type: str) -> None:
    source = topology.events_exchange(topology.source_of(event_type))
    channel.queue_bind(topology.consumer_queue(CONSUMER), source, event_type)


def publish(channel: amqp.Channel, event_type: str) -> None:
    source = topology.events_exchange(topology.source_of(event_type))
    channel.basic_publish_confirm(amqp.Message(event_type, delivery_mode=2), exchange=source, routing_key=event_type)


def waiting(channel: amqp.Channel) -> int:
    return int(channel.queue_declare(topology.consumer_queue(CONSUMER), passive=True).message_count)
