"""The callers of the RPC benchmark: 32 requests in flight from one process, for SECONDS; prints calls per second.

``python -m bench.rpc_load chassis|stock|raw``; each kind of service is called with its own kind of client.
"""

from __future__ import annotations

import os
import sys
import time

SECONDS = float(os.environ.get("SECONDS", "4"))
IN_FLIGHT = 32
TEXT = "青年之城 " * 8


def load_chassis() -> float:
    """The gateway's client under gevent, as in the gateway."""
    from gevent import monkey

    monkey.patch_all()
    import gevent

    from chassis.ground.tracing import new_traceparent
    from chassis.rpc.calls import CallContext
    from chassis.rpc.client import RpcClient

    client = RpcClient(os.environ["AMQP_URI"], name="bench")
    until = time.monotonic() + SECONDS + 1
    counted_from = until - SECONDS

    def call_until() -> int:
        count = 0
        while (now := time.monotonic()) < until:
            context = CallContext("bench", "bench", "bench", traceparent=new_traceparent())
            assert client.call("echo", "echo", {"text": TEXT}, context=context, timeout=10)["text"] == TEXT
            count += now > counted_from
        return count

    return float(sum(job.get() for job in [gevent.spawn(call_until) for _ in range(IN_FLIGHT)]) / SECONDS)


def load_stock() -> float:
    """nameko's own standalone client, 32 calls always open."""
    from collections import deque

    from nameko.standalone.rpc import ClusterRpcProxy

    with ClusterRpcProxy({"AMQP_URI": os.environ["AMQP_URI"]}) as cluster:
        echo = cluster.stock_echo.echo
        echo(text=TEXT)
        open_calls = deque(echo.call_async(text=TEXT) for _ in range(IN_FLIGHT))
        count, started = 0, time.monotonic()
        while time.monotonic() - started < SECONDS:
            assert open_calls.popleft().result()["text"] == TEXT
            open_calls.append(echo.call_async(text=TEXT))
            count += 1
        elapsed = time.monotonic() - started
        while open_calls:
            open_calls.popleft().result()
    return count / elapsed


def load_raw() -> float:
    """py-amqp alone: direct reply-to, 32 requests always open."""
    import json

    import amqp
    import kombu

    connection = kombu.Connection(os.environ["AMQP_URI"]).transport.establish_connection()
    channel = connection.channel()
    count = 0
    body = json.dumps({"args": [], "kwargs": {"text": TEXT}})

    def ask() -> None:
        request = amqp.Message(
            body, reply_to="amq.rabbitmq.reply-to", correlation_id="1", content_type="application/json"
        )
        channel.basic_publish(request, exchange="", routing_key="raw-echo")

    def on_reply(message: amqp.Message) -> None:
        nonlocal count
        assert json.loads(message.body)["result"]["text"] == TEXT
        count += 1
        ask()

    channel.basic_consume("amq.rabbitmq.reply-to", no_ack=True, callback=on_reply)
    for _ in range(IN_FLIGHT):
        ask()
    started = time.monotonic()
    while time.monotonic() - started < SECONDS:
        connection.drain_events()
    return count / (time.monotonic() - started)


if __name__ == "__main__":
    print({"chassis": load_chassis, "stock": load_stock, "raw": load_raw}[sys.argv[1]]())
