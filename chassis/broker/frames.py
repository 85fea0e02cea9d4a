"""AMQP 0-9-1 frames of what a process sends most: a message and an acknowledgement, each packed in one go.

Lives here: their bytes. Not here: when they are written (``wire``). py-amqp packs the same value by value, in a quarter of the
time a request takes in all. Source: AMQP 0-9-1, 2.3.5 and 4.2; the properties are those of class 60, basic.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from amqp.serialization import dumps

_END = b"\xce"
_METHOD, _HEADER, _BODY = struct.Struct(">BHIHH"), struct.Struct(">BHIHHQ"), struct.Struct(">BHI")
_ACK = struct.Struct(">BHIHHQBB")
_FLAGS, _LENGTH = struct.Struct(">H"), struct.Struct(">I")
_FRAME_OVERHEAD = 8


def message(
    channel: int, to: tuple[str, str], body: bytes, properties: Mapping[str, Any], *, mandatory: bool, frame_max: int
) -> bytes:
    """basic.publish `to` an exchange with a routing key; no frame is longer than `frame_max` bytes."""
    exchange, routing_key = to
    arguments = b"\0\0" + _short(exchange) + _short(routing_key) + (b"\1" if mandatory else b"\0")
    header = _properties(properties)
    parts: list[bytes] = [
        _METHOD.pack(1, channel, 4 + len(arguments), 60, 40),
        arguments,
        _END,
        _HEADER.pack(2, channel, 12 + len(header), 60, 0, len(body)),
        header,
        _END,
    ]
    step = frame_max - _FRAME_OVERHEAD
    for start in range(0, len(body), step):
        piece = body[start : start + step]
        parts += (_BODY.pack(3, channel, len(piece)), piece, _END)
    return b"".join(parts)


def ack(channel: int, delivery_tag: int) -> bytes:
    """basic.ack of one message."""
    return _ACK.pack(1, channel, 13, 60, 80, delivery_tag, 0, 0xCE)


def _short(text: str) -> bytes:
    """A short string: at most 255 bytes, else ValueError."""
    raw = text.encode()
    return bytes((len(raw),)) + raw


def _table(headers: Mapping[str, Any]) -> bytes:
    parts: list[bytes] = []
    for name, value in headers.items():
        if not isinstance(value, str):
            return bytes(dumps("F", [dict(headers)]))  # py-amqp knows every type there is
        raw = value.encode()
        parts += (_short(name), b"S", _LENGTH.pack(len(raw)), raw)
    packed = b"".join(parts)
    return _LENGTH.pack(len(packed)) + packed


#: Name, flag and form of each property, in the order of the specification.
_PROPERTIES: tuple[tuple[str, int, Callable[[Any], bytes]], ...] = (
    ("content_type", 1 << 15, _short),
    ("content_encoding", 1 << 14, _short),
    ("application_headers", 1 << 13, _table),
    ("delivery_mode", 1 << 12, struct.Struct(">B").pack),
    ("correlation_id", 1 << 10, _short),
    ("reply_to", 1 << 9, _short),
    ("expiration", 1 << 8, _short),
    ("message_id", 1 << 7, _short),
    ("type", 1 << 5, _short),
    ("user_id", 1 << 4, _short),
)
_KNOWN = frozenset(name for name, _, _ in _PROPERTIES)


def _properties(given: Mapping[str, Any]) -> bytes:
    """Raises ValueError for a property that is not in the list."""
    if unknown := given.keys() - _KNOWN:
        raise ValueError(f"no property of a message here: {', '.join(sorted(unknown))}")
    flags, parts = 0, [b""]
    for name, flag, pack in _PROPERTIES:
        value = given.get(name)
        if value is not None:
            flags |= flag
            parts.append(pack(value))
    parts[0] = _FLAGS.pack(flags)
    return b"".join(parts)
