"""Who serves a service's requests now, and how many wait: what the RPC client queries before it sends.

Lives here: the query to the broker, at most once a second and with a short deadline. Not here: what follows (``rpc.client``).
"""

from __future__ import annotations

import threading
import time

from chassis.broker import topology
from chassis.broker.topology import Counted
from chassis.broker.wire import CONNECTION_ERRORS, Wire
from chassis.rpc import calls

PRESENCE_SECONDS = 1.0
ANSWER_SECONDS = 2.0
"""A broker that takes longer to welcome a connection, or to answer on one, stands still."""
NOBODY = Counted(messages=0, consumers=0)


class Presence:
    """Whether a service has a consumer now, and how many requests wait for it: a passive declare, believed for a second.

    Without it a request to a service that is down would wait in its queue until the deadline.
    """

    def __init__(self, amqp_uri: str, *, name: str) -> None:
        self._uri = amqp_uri
        self._name = name
        self._asking = threading.Lock()
        self._wire: Wire | None = None
        self._known: dict[str, tuple[float, Counted]] = {}
        self._away_until = 0.0

    def of(self, service: str, deadline: float) -> Counted:
        """The service's request queue. Raises one of CONNECTION_ERRORS, at the deadline at the latest where another
        caller's question is not answered.
        """
        queried_at, queue = self._known.get(service, (0.0, NOBODY))
        if time.monotonic() - queried_at < PRESENCE_SECONDS:
            return queue
        if not self._asking.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise TimeoutError("the broker does not answer")
        try:
            queried_at, queue = self._known.get(service, (0.0, NOBODY))
            if time.monotonic() - queried_at < PRESENCE_SECONDS:
                return queue
            if time.monotonic() < self._away_until:
                raise ConnectionError("the broker did not answer a moment ago")
            queue = self._ask(service, deadline)
            self._known[service] = (time.monotonic(), queue)
            return queue
        finally:
            self._asking.release()

    def _ask(self, service: str, deadline: float) -> Counted:
        kept = self._wire
        try:
            if kept is not None:
                try:
                    return self._declared(service, deadline)
                except CONNECTION_ERRORS:
                    self.close()  # it may be dead on this side alone (a firewall forgot it): a new one tells
            return self._declared(service, deadline)
        except CONNECTION_ERRORS:
            # whoever waits behind this query need not send it again
            self._away_until = time.monotonic() + PRESENCE_SECONDS
            self.close()
            raise
        except BaseException:
            self.close()  # half an answer may be left on it
            raise

    def _declared(self, service: str, deadline: float) -> Counted:
        seconds = max(0.1, min(ANSWER_SECONDS, deadline - time.monotonic()))
        if self._wire is None or not self._wire.is_open:
            self.close()
            self._wire = Wire(self._uri, name=self._name, heartbeat=0, connect_timeout=seconds)
        else:
            seconds /= 2  # the other half is for a new connection
        self._wire.connection.transport.sock.settimeout(seconds)
        return topology.counted(self._wire, calls.rpc_queue(service)) or NOBODY

    def close(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()
