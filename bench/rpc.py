"""Benchmark rows ``rpc_vs_stock_nameko`` and ``rpc_vs_raw_amqp``: echo, 32 in flight, one service process.

On in the chassis: deadlines, trace context, metrics, caller headers, JSON logs. The same number of workers for both
nameko services. Each side is called by its own kind of client.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator

import amqp
import kombu

from bench.processes import result_of, running, wait_until
from bench.rounds import Row, compare
from chassis.broker.wire import user_of

WORKERS = "16"


def rows(*, amqp_uri: str, database_url: str) -> list[Row]:
    """Both rows; the three services run side by side, only the one measured has work."""
    env = {
        "AMQP_URI": amqp_uri,
        "ECHO_DATABASE_URL": database_url,
        "YOUTHCITY_ENV": "dev",
        "GATEWAY_BROKER_USER": user_of(amqp_uri),  # the caller logs in as the service does
        "WORKERS": WORKERS,
        "ECHO_RPC_WORKERS": WORKERS,
    }
    with contextlib.ExitStack() as stack:
        for kind, queue in (("chassis", "rpc-echo"), ("stock", "rpc-stock_echo"), ("raw", "raw-echo")):
            stack.enter_context(running("bench.echo_service", kind, env=env))
            wait_until(functools.partial(_has_consumer, amqp_uri, queue), seconds=30, what=f"{kind} echo did not start")
        return [
            compare(
                "rpc_vs_stock_nameko",
                candidate=lambda: result_of("bench.rpc_load", "chassis", env=env),
                baseline=lambda: result_of("bench.rpc_load", "stock", env=env),
                unit="calls/s",
                floor=5.0,
            ),
            compare(
                "rpc_vs_raw_amqp",
                candidate=lambda: result_of("bench.rpc_load", "chassis", env=env),
                baseline=lambda: result_of("bench.rpc_load", "raw", env=env),
                unit="calls/s",
                floor=0.7,
            ),
        ]


def _has_consumer(amqp_uri: str, queue: str) -> bool:
    with _channel(amqp_uri) as channel:
        try:
            return bool(channel.queue_declare(queue, passive=True).consumer_count)
        except amqp.exceptions.NotFound:
            return False


@contextlib.contextmanager
def _channel(amqp_uri: str) -> Iterator[amqp.Channel]:
    connection = kombu.Connection(amqp_uri).transport.establish_connection()
    try:
        yield connection.channel()
    finally:
        connection.close()
