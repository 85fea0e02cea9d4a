"""Three ledgers side by side under the same faults: one on the chassis as it is, and the two controls.

A ledger writes entries on request and receives each again as an event; its effect is a plain insert that nothing else
protects, so a second application shows. The controls must fail, or the run has shown nothing: the one without an inbox
applies entries twice, the one that commits and then publishes loses some.
"""

from __future__ import annotations

import threading
import uuid
from random import Random
from typing import Any

from chassis.broker import topology
from chassis.broker.wire import Wire
from chassis.rpc.calls import CallContext
from chassis.rpc.client import RpcClient
from chassis.store.migrations import rights
from contracts.language.refusals import Refusal
from deploy.local.throwaway import ThrowawayPlatform, free_port
from tests.chassis.ledger.service import WRITTEN
from tests.resilience.chaos.acknowledged import Acknowledged, GivenUp, Patience
from tests.resilience.chaos.servers import Servers
from tests.support.chassis_tables import frozen
from tests.support.ledgers import LEDGER_TABLES

PROOF, NO_INBOX, NO_OUTBOX = "ledger", "ledger_without_inbox", "ledger_without_outbox"
#: Ledger → the module that starts it.
LEDGERS = {
    PROOF: "tests.chassis.ledger",
    NO_INBOX: "tests.resilience.chaos.without_inbox",
    NO_OUTBOX: "tests.resilience.chaos.without_outbox",
}
RETRY_DELAYS = (0.5, 1.0, 2.0)
CALL_SECONDS = 5.0
THINK_SECONDS = 0.1
#: So long some entries take, so that faults find them half done.
SLOW_SECONDS = 0.3


class Ledger:
    """One pair of processes with a database and a vhost of its own, and its client."""

    def __init__(self, name: str, module: str, servers: Servers) -> None:
        self.name, self._module, self._servers = name, module, servers
        self.database = servers.make_database(name)
        self.amqp_uri = servers.broker.uri(servers.broker.make_vhost())
        self._client = RpcClient(self.amqp_uri, name="chaos")

    def prepare(self) -> None:
        """Tables and queues."""
        for sql in (frozen(), rights.functions(), LEDGER_TABLES):
            self._servers.rows(self.database, sql)
        wire = Wire(self.amqp_uri, name="chaos.topology", heartbeat=0)
        channel = wire.connection.channel()
        topology.declare_sources(channel, ["ledger"])
        topology.declare_requests(channel, "ledger")
        topology.declare_handler(channel, "ledger.on_entry_written", [WRITTEN])
        topology.declare_retries(channel, "ledger", RETRY_DELAYS)
        wire.close()

    def spawn(self, platform: ThrowawayPlatform, name: str) -> None:
        port = free_port()
        environment = {
            "LEDGER_DATABASE_URL": self.database,
            "AMQP_URI": self.amqp_uri,
            "LEDGER_HEALTH_PORT": str(port),
            "LEDGER_BROKER_USER": platform.environment["GATEWAY_BROKER_USER"],
            "RETRY_DELAYS": ",".join(map(str, RETRY_DELAYS)),
        }
        platform.spawn(name, ["-m", self._module], f"http://127.0.0.1:{port}/readyz", environment)

    def write_entries(
        self, acknowledged: Acknowledged, patience: Patience, over: threading.Event, choose: Random
    ) -> None:
        """A client: write an entry, repeat it until it is acknowledged, record it; until `over`."""
        entries = acknowledged.entries.setdefault(self.name, set())
        try:
            while not over.wait(THINK_SECONDS):
                context = CallContext("chaos", "chaos", "chaos", idempotency_key=uuid.uuid4().hex)
                is_slow = choose.random() < 0.5
                answer = patience.ask(lambda context=context, is_slow=is_slow: self._write(context, is_slow=is_slow))
                entries.add(str(answer["entry_id"]))
        except GivenUp:
            acknowledged.stuck.append(f"{self.name}: a request was never answered")
        except Refusal as refusal:
            acknowledged.wrong.append(f"{self.name}: refused with {refusal}")

    def _write(self, context: CallContext, *, is_slow: bool) -> Any:
        method, fields = ("write_slowly", {"seconds": SLOW_SECONDS}) if is_slow else ("write_entry", {"text": "chaos"})
        return self._client.call("ledger", method, fields, context=context, timeout=CALL_SECONDS)

    def received(self) -> dict[str, int]:
        """Every entry that is written or received → how often it was received."""
        query = (
            "select coalesce(e.id, h.entry_id)::text as id, count(h.entry_id) as times from entries e"
            " full join hearings h on h.entry_id = e.id group by 1"
        )
        return {row.id: row.times for row in self._servers.rows(self.database, query)}

    def close(self) -> None:
        self._client.close()
