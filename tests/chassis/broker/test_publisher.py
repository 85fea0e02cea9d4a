"""Publishing with confirms, at a real broker."""

from __future__ import annotations

import uuid

from chassis.broker.publisher import PART_BYTES, ConfirmedPublisher, Outgoing
from chassis.broker.wire import Wire


def test_a_batch_larger_than_the_broker_takes_at_once_goes_in_parts(vhost: str) -> None:
    wire, queue = Wire(vhost, name="test", heartbeat=0), f"test.{uuid.uuid4().hex}"
    channel = wire.connection.channel()
    channel.queue_declare(queue, auto_delete=False)
    publisher = ConfirmedPublisher(vhost, name="test.publisher")
    batch = [Outgoing("x" * (PART_BYTES // 4), "", queue, message_id=str(number)) for number in range(48)]
    lost = Outgoing("y", "", f"no.{queue}", message_id="lost")
    assert publisher.publish([lost, *batch, Outgoing("z", "", queue)]) == {"lost"}
    assert channel.queue_declare(queue, passive=True).message_count == 49
    channel.queue_delete(queue)
    publisher.close()
    wire.close()
