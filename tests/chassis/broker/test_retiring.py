"""Retiring a queue on a real broker: it stays while somebody needs it, and none of its messages is lost."""

from __future__ import annotations

from collections.abc import Iterator

import amqp
import pytest

from chassis.broker import retiring, topology
from chassis.broker.retiring import CannotRetire, retire
from chassis.broker.senders import SENDER
from chassis.broker.wire import Wire, user_of

DELAYS = (5.0,)
OLD, NEW = "perks.on_affiliation_renamed.v1", "perks.on_affiliation_changed.v1"
ENDED = "talent.affiliation.ended.v1"


@pytest.fixture
def channel(vhost: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[amqp.Channel]:
    """A channel to a broker with the topology, and the queue of a handler that was renamed; we are perks too."""
    monkeypatch.setenv("PERKS_BROKER_USER", user_of(vhost))
    wire = Wire(vhost, name="test", heartbeat=0)
    opened = wire.connection.channel()
    topology.declare_all(opened, delays=DELAYS)
    topology.declare_handler(opened, OLD.removesuffix(".v1"), [ENDED])
    opened.confirm_select()
    yield opened
    wire.close()


def publish(channel: amqp.Channel, queue: str, *, messages: int = 1) -> None:
    for number in range(messages):
        headers = {"youthcity.attempts": number, "x-delivery-count": 3}
        message = amqp.Message(f"{number}", message_id=f"id-{number}", application_headers=headers, delivery_mode=2)
        channel.basic_publish_confirm(message, routing_key=queue)


def waiting(channel: amqp.Channel, queue: str) -> int:
    return int(channel.queue_declare(queue, passive=True).message_count)


class TestRetire:
    def test_takes_what_a_service_has_left_that_hears_nothing(self, vhost: str, channel: amqp.Channel) -> None:
        topology.declare_retries(channel, "talent", DELAYS)
        for queue in ("talent.dead", topology.retry_tier("talent", DELAYS[0])):
            assert retire(vhost, queue, to=None, discard=False, delays=DELAYS) == 0

    def test_moves_everything_in_order_with_ids_and_our_own_headers(
        self, vhost: str, channel: amqp.Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(retiring, "_BATCH", 2)
        publish(channel, OLD, messages=5)
        assert retire(vhost, OLD, to=NEW, discard=False, delays=DELAYS) == 5
        moved = [channel.basic_get(NEW, no_ack=True) for _ in range(5)]
        assert [(one.body, one.properties["message_id"]) for one in moved] == [(f"{n}", f"id-{n}") for n in range(5)]
        assert [one.headers["youthcity.attempts"] for one in moved] == list(range(5))
        assert {one.headers[SENDER] for one in moved} == {""}, "nobody's word has grown"
        with pytest.raises(CannotRetire, match="there is no queue"):
            retire(vhost, OLD, to=NEW, discard=False, delays=DELAYS)

    def test_moves_as_the_service_that_takes_over_for_another_would_not_be_believed(
        self, vhost: str, channel: amqp.Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PERKS_BROKER_USER", "perks")
        publish(channel, OLD)
        with pytest.raises(CannotRetire, match="as the broker user perks: set PERKS_AMQP_URI"):
            retire(vhost, OLD, to=NEW, discard=False, delays=DELAYS)
        assert waiting(channel, OLD) == 1

    def test_must_know_what_to_do_with_waiting_messages(self, vhost: str, channel: amqp.Channel) -> None:
        publish(channel, OLD, messages=2)
        with pytest.raises(CannotRetire, match="2 messages wait"):
            retire(vhost, OLD, to=None, discard=False, delays=DELAYS)
        assert waiting(channel, OLD) == 2
        assert retire(vhost, OLD, to=None, discard=True, delays=DELAYS) == 2

    def test_waits_for_what_a_retry_queue_will_bring_back(self, vhost: str, channel: amqp.Channel) -> None:
        tier = topology.retry_tier("perks", DELAYS[0])
        message = amqp.Message("again", delivery_mode=2)
        channel.basic_publish_confirm(message, exchange=tier, routing_key=OLD)
        with pytest.raises(CannotRetire, match="1 messages may still come back"):
            retire(vhost, OLD, to=NEW, discard=False, delays=DELAYS)
        channel.basic_publish_confirm(amqp.Message("new", delivery_mode=2), exchange="talent.events", routing_key=ENDED)
        assert (waiting(channel, OLD), waiting(channel, NEW)) == (0, 1)  # unbound already

    @pytest.mark.parametrize("to", ["perks.on_nothing.v1", "perks.on_organisation_changed.v2"])
    def test_moves_nothing_to_a_queue_that_is_not_there(self, vhost: str, channel: amqp.Channel, to: str) -> None:
        publish(channel, OLD)
        with pytest.raises(CannotRetire, match=f"there is no queue {to}"):
            retire(vhost, OLD, to=to, discard=False, delays=DELAYS)
        assert waiting(channel, OLD) == 1

    def test_leaves_alone_what_is_needed(self, vhost: str, channel: amqp.Channel) -> None:
        with pytest.raises(CannotRetire, match="the catalogue names"):
            retire(vhost, NEW, to=None, discard=True, delays=DELAYS)
        channel.basic_consume(OLD)
        with pytest.raises(CannotRetire, match="1 consumers read"):
            retire(vhost, OLD, to=NEW, discard=False, delays=DELAYS)
