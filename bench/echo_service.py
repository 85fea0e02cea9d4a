"""The echo service of the RPC benchmark, twice: on the chassis and on stock nameko.

``python -m bench.echo_service chassis|stock|raw`` serves until SIGTERM; AMQP_URI and WORKERS come from the environment.
"""

from __future__ import annotations

import importlib
import os
import sys


def serve_chassis() -> None:
    from chassis.process import runner  # first: it patches the standard library

    echo = importlib.import_module("bench.echo")
    logs = importlib.import_module("chassis.ground.logs")
    settings = importlib.import_module("chassis.ground.settings")
    logs.configure(service="echo")
    sys.exit(runner.Process(echo.EchoService, settings.service_settings("echo"), ["rpc"]).run())


def serve_stock() -> None:
    import eventlet

    eventlet.monkey_patch()
    from nameko.rpc import rpc
    from nameko.runners import ServiceRunner

    class StockEcho:
        name = "stock_echo"

        @rpc  # type: ignore[untyped-decorator]
        def echo(self, text: str) -> dict[str, str]:
            return {"text": text}

    runner = ServiceRunner({"AMQP_URI": os.environ["AMQP_URI"], "max_workers": int(os.environ["WORKERS"])})
    runner.add_service(StockEcho)
    runner.start()
    runner.wait()


def serve_raw() -> None:
    """The ceiling: py-amqp alone, no workers, no context, no deadline."""
    import json

    import amqp
    import kombu

    connection = kombu.Connection(os.environ["AMQP_URI"]).transport.establish_connection()
    channel = connection.channel()
    channel.queue_declare("raw-echo", durable=True, auto_delete=False)
    channel.basic_qos(0, 64, False)

    def answer(message: amqp.Message) -> None:
        fields = json.loads(message.body)["kwargs"]
        reply = amqp.Message(
            json.dumps({"result": {"text": fields["text"]}, "error": None}),
            correlation_id=message.properties["correlation_id"],
            content_type="application/json",
        )
        channel.basic_publish(reply, exchange="", routing_key=message.properties["reply_to"])
        channel.basic_ack(message.delivery_tag)

    channel.basic_consume("raw-echo", callback=answer)
    while True:
        connection.drain_events()


if __name__ == "__main__":
    {"chassis": serve_chassis, "stock": serve_stock, "raw": serve_raw}[sys.argv[1]]()
