"""Frames packed here are the frames py-amqp reads: every property, every header, bodies of any size."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from amqp.serialization import decode_properties_basic, loads
from hypothesis import given
from hypothesis import strategies as st

from chassis.broker import frames
from chassis.broker.wire import Wire
from tests.support.waiting import until

SHORT = (
    st.text(max_size=60)
    .filter(lambda text: len(text.encode("utf-8", "replace")) < 256)
    .filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text))
)
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "delivery_mode": st.sampled_from([1, 2]),
        "application_headers": st.dictionaries(SHORT, st.one_of(SHORT, st.integers(-(2**31), 2**31 - 1))),
        **dict.fromkeys(
            ("content_type", "content_encoding", "correlation_id", "reply_to", "expiration", "message_id"), SHORT
        ),
        **dict.fromkeys(("type", "user_id"), SHORT),
    },
)


def unpacked(data: bytes) -> list[tuple[int, int, bytes]]:
    """The frames of a text of frames: type, channel, payload."""
    found = []
    while data:
        kind, channel, size = struct.unpack_from(">BHI", data)
        assert data[7 + size] == 0xCE
        found.append((kind, channel, data[7 : 7 + size]))
        data = data[8 + size :]
    return found


@given(PROPERTIES, SHORT, SHORT, st.binary(max_size=3000), st.booleans())
def test_a_message_is_read_as_it_was_meant(
    properties: dict[str, Any], exchange: str, routing_key: str, body: bytes, mandatory: bool
) -> None:
    to = (exchange, routing_key)
    data = frames.message(7, to, body, properties, mandatory=mandatory, frame_max=1024)
    (_, _, method), (_, _, header), *bodies = unpacked(data)
    assert struct.unpack_from(">HH", method) == (60, 40)
    assert loads("Bssbb", method, 4)[0] == [0, exchange, routing_key, mandatory, False]
    assert struct.unpack_from(">HHQ", header) == (60, 0, len(body))
    assert decode_properties_basic(header, 12)[0] == properties
    assert b"".join(piece for _, _, piece in bodies) == body
    assert all(len(piece) <= 1024 - 8 for _, _, piece in bodies)
    assert [kind for kind, channel, _ in unpacked(data) if channel == 7] == [1, 2] + [3] * len(bodies)


def test_an_acknowledgement_is_read_as_it_was_meant() -> None:
    ((kind, channel, payload),) = unpacked(frames.ack(3, 2**40))
    assert (kind, channel, struct.unpack_from(">HH", payload)) == (1, 3, (60, 80))
    assert loads("Lb", payload, 4)[0] == [2**40, False]


@pytest.mark.parametrize("wrong", [{"priority": 1}, {"type": "x" * 256}])
def test_what_cannot_be_sent_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        frames.message(1, ("", ""), b"", wrong, mandatory=False, frame_max=1024)


def test_the_broker_takes_them_and_gives_them_back(vhost: str) -> None:
    wire, arrived = Wire(vhost, name="test.frames", heartbeat=0), []
    channel = wire.connection.channel()
    channel.queue_declare("test.frames", auto_delete=False)
    channel.basic_consume("test.frames", callback=arrived.append)
    properties = {"message_id": "一", "application_headers": {"a": "青年", "b": 7, "c": [{"d": True}]}}
    wire.publish(channel, "城" * 100_000, exchange="", routing_key="test.frames", **properties)
    assert wire.read_until(lambda: bool(arrived), timeout=10)
    assert arrived[0].body == "城" * 100_000
    assert arrived[0].properties == {**properties, "content_encoding": "utf-8"}
    wire.ack(channel, arrived[0].delivery_tag)
    wire.close()
    other = Wire(vhost, name="test.other", heartbeat=0)
    until(lambda: other.connection.channel().queue_declare("test.frames", passive=True).message_count == 0)
    other.close()
