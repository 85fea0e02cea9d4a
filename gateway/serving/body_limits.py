"""How much a client may send, and how long it may take to send it.

Bytes are bounded by Flask's ``max_content_length`` (413), time by a gevent timeout around the read (408), because a gunicorn
gevent worker waits for ever for a body that drips. Header fields are bounded by gunicorn (``gunicorn_conf``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import gevent
from flask import request

from gateway.http.problems import Problem

JSON_BYTES = 1024 * 1024
#: The file itself; the multipart framing and the form fields around it get UPLOAD_OVERHEAD_BYTES on top.
UPLOAD_BYTES = 20 * 1024 * 1024
UPLOAD_OVERHEAD_BYTES = 64 * 1024

JSON_SECONDS = 15.0
UPLOAD_SECONDS = 300.0

DISCARDED_BYTES = 32 * 1024 * 1024
DISCARD_SECONDS = 5.0


class BodyTooSlow(Problem):
    """The request body did not arrive in time."""

    status = 408
    code = "body_too_slow"
    zh = "请求体在 {seconds} 秒内未发送完毕。"
    en = "The request body did not arrive within {seconds} seconds."


@contextmanager
def arriving_within(seconds: float) -> Iterator[None]:
    """Raise BodyTooSlow when reading what the client sends takes longer than `seconds`."""
    timeout = gevent.Timeout(seconds)
    timeout.start()
    try:
        yield
    except gevent.Timeout as expired:
        if expired is not timeout:
            raise
        raise BodyTooSlow(seconds=int(seconds), headers={"Connection": "close"}) from None
    finally:
        timeout.close()


def body_bytes() -> bytes:
    """The whole body of an ordinary request, at most JSON_BYTES long. Raises BodyTooSlow."""
    with arriving_within(JSON_SECONDS):
        return request.get_data(cache=False)


def discard_body() -> None:
    """Take what the client still sends of a body that was refused, up to DISCARDED_BYTES: a client that is cut off while
    sending sees a broken connection instead of its answer.
    """
    left = DISCARDED_BYTES
    stream = request.environ["wsgi.input"]
    with gevent.Timeout(DISCARD_SECONDS, False), suppress(OSError):
        while left > 0 and (piece := stream.read(min(left, 64 * 1024))):
            left -= len(piece)
