"""Every private part of a library the chassis takes hold of, in one place, with the version it was read in.

Lives here: the list, and why each is needed. Not here: their use. A release of a library may change any of them without a
word, so the versions are those of ``requirements.lock``, and a test fails where another is installed, where a part is gone, and
where the chassis uses one that is not here (``tests/architecture/test_private_parts.py``).
"""

from __future__ import annotations

from typing import NamedTuple


class Part(NamedTuple):
    """Private names of one class: `owner` as ``module:Class``, and what they are needed for."""

    distribution: str
    version: str
    owner: str
    names: tuple[str, ...]
    needed_for: str


AMQP, NAMEKO = "5.4.2", "2.14.1"

PARTS = (
    Part(
        "amqp",
        AMQP,
        "amqp.transport:TCPTransport",
        ("_quick_recv", "_write"),
        "wire: one recv for all that has arrived, one send for all that is written in a turn",
    ),
    Part("amqp", AMQP, "amqp.transport:SSLTransport", ("_quick_recv", "_write"), "wire: the same under TLS"),
    Part(
        "amqp",
        AMQP,
        "amqp.connection:Connection",
        ("_transport",),
        "wire: to shut the socket of a connection that is closing; the public property would connect anew",
    ),
    Part(
        "nameko",
        NAMEKO,
        "nameko.containers:ServiceContainer",
        ("_run_worker", "_inject_dependencies", "_worker_setup", "_worker_result", "_worker_teardown"),
        "container: a worker whose failure stays its own (hazards 17, 18, 19)",
    ),
    Part(
        "nameko",
        NAMEKO,
        "nameko.containers:ServiceContainer",
        ("_worker_pool", "_worker_threads", "_being_killed"),
        "container: a pool for each lane",
    ),
)
