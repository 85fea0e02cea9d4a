"""One caller of each kind, in the same words: the platform's own client, and stock nameko's standalone proxy.

Not here: the diaries they call. Imports no eventlet into the caller beyond what stock nameko brings itself.
"""

from __future__ import annotations

import threading
import uuid
from typing import Any, Protocol

from nameko.standalone.rpc import ServiceRpcProxy

from chassis.rpc.calls import CallContext
from chassis.rpc.client import RpcClient


class Client(Protocol):
    """What both can do."""

    def ask(self, method: str, *, service: str = "diary", **fields: Any) -> Any:
        """The answer; raises when there is none in time."""

    def wait_for_all(self, seconds: list[float]) -> None:
        """Have requests ``wait`` of so many seconds each under way at once; returns when the last has its end."""

    def channels(self) -> int:
        """The AMQP channels it holds open."""

    def close(self) -> None:
        """End it."""


class ChassisClient:
    """The gateway's client."""

    def __init__(self, uri: str, *, timeout: float) -> None:
        self._client = RpcClient(uri, name="hazards")
        self._timeout = timeout

    def ask(self, method: str, *, service: str = "diary", **fields: Any) -> Any:
        context = CallContext("tester", "test", "request", idempotency_key=uuid.uuid4().hex)
        return self._client.call(service, method, fields, context=context, timeout=self._timeout)

    def wait_for_all(self, seconds: list[float]) -> None:
        def wait(one: float) -> None:
            try:
                self.ask("wait", seconds=one)
            except Exception:  # its end all the same
                return

        threads = [threading.Thread(target=wait, args=(one,)) for one in seconds]
        for thread in threads:
            thread.start()
        threads[-1].join()

    def channels(self) -> int:
        wire = self._client._wire
        return len(wire.connection.channels) - 1 if wire is not None else 0

    def close(self) -> None:
        self._client.close()


class StockClient:
    """A ``ServiceRpcProxy`` for each service called, kept open."""

    def __init__(self, uri: str, *, timeout: float) -> None:
        self._config, self._timeout = {"AMQP_URI": uri}, timeout
        self._proxies: dict[str, tuple[ServiceRpcProxy, Any]] = {}

    def _service(self, service: str) -> Any:
        if service not in self._proxies:
            proxy = ServiceRpcProxy(service, self._config, timeout=self._timeout)
            self._proxies[service] = proxy, proxy.start()
        return self._proxies[service][1]

    def ask(self, method: str, *, service: str = "diary", **fields: Any) -> Any:
        return getattr(self._service(service), method)(**fields)

    def wait_for_all(self, seconds: list[float]) -> None:
        replies = [self._service("diary").wait.call_async(seconds=one) for one in seconds]
        try:
            replies[-1].result()
        except Exception:  # its end all the same
            return

    def channels(self) -> int:
        proxy, _ = self._proxies["diary"]
        return len(proxy._reply_listener.queue_consumer.connection.connection.channels) - 1

    def close(self) -> None:
        for proxy, _ in self._proxies.values():
            proxy.stop()


CLIENTS: dict[str, type[ChassisClient] | type[StockClient]] = {"chassis": ChassisClient, "stock": StockClient}
