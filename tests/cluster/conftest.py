"""Three broker nodes as one cluster, the ledger service on it, and clients that write to it without a break."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from chassis.rpc.calls import CallContext
from chassis.rpc.client import RpcClient, RpcTimeout
from contracts.language.refusals import Refusal
from deploy.local.notes import answers
from deploy.local.place import place
from deploy.local.rabbitmq.cluster import Cluster, Node
from tests.support.ledgers import ledger
from tests.support.servers import Broker
from tests.support.waiting import until

CALL_SECONDS = 2.0
#: Between two tries, and between two entries: the machine is shared.
PAUSE_SECONDS = 0.05


class Site:
    """A vhost of the cluster, and where its queues live."""

    def __init__(self, cluster: Cluster, vhost: str) -> None:
        self._nodes, self._vhost = cluster.nodes, vhost

    def node_of(self, queue: str) -> Node:
        """The node a classic queue is on, or the leader of a quorum queue."""
        found = self.queue(queue)
        name = found.get("leader") or found.get("node")
        return next(node for node in self._nodes if node.name == name)

    def queue(self, name: str) -> dict[str, Any]:
        """What the management API says of a queue."""
        return next(found for found in self._queues(self._living()) if found["name"] == name)

    def is_whole(self) -> bool:
        """Whether every node sees all others run and every quorum queue on all of them."""
        names = {node.name for node in self._nodes}
        for node in self._nodes:
            seen = {other["name"] for other in self._ask(node, "/nodes") if other["running"]}
            online = [set(queue["online"]) for queue in self._queues(node) if queue["type"] == "quorum"]
            if seen != names or any(members != names for members in online):
                return False
        return True

    def _living(self) -> Node:
        return next(node for node in self._nodes if node.is_running())

    def _queues(self, node: Node) -> Any:
        return self._ask(node, f"/queues/{self._vhost}")

    def _ask(self, node: Node, path: str) -> Any:
        return json.loads(Broker(node.uri(), node.api).ask("GET", path))


class Writer(threading.Thread):
    """A client that reads and writes until `stop`; each entry is repeated under one key until it is acknowledged."""

    def __init__(self, amqp_uri: str, number: int) -> None:
        super().__init__(name=f"writer-{number}", daemon=True)
        self._client = RpcClient(amqp_uri, name=f"test.writer-{number}")
        self._stopping = threading.Event()
        self.acknowledged: list[str] = []
        self.latest: tuple[float, str] = (0.0, "")
        """When the writing of the last acknowledged entry began, and its id."""
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                began = time.monotonic()
                assert self._insist("echo", f"{self.name} asks", key=None)["text"] == f"{self.name} asks"
                written = self._insist("write_entry", f"{self.name} writes", key=uuid.uuid4().hex)
                self.acknowledged.append(written["entry_id"])
                self.latest = (began, written["entry_id"])
                self._stopping.wait(PAUSE_SECONDS)
        except Exception as error:
            self.failure = error
        finally:
            self._client.close()

    def _insist(self, method: str, content: str, *, key: str | None) -> Any:
        """The answer, however often it takes; whatever is no reason to try again is raised."""
        context = CallContext("tester", "test_department", "request-1", idempotency_key=key)
        while True:
            try:
                return self._client.call("ledger", method, {"text": content}, context=context, timeout=CALL_SECONDS)
            except RpcTimeout:
                pass
            except Refusal as refused:
                if refused.kind != "unavailable" and refused.code != "chassis.request_in_progress":
                    raise
            time.sleep(PAUSE_SECONDS)

    def finish(self) -> None:
        """Let it have its last entry acknowledged."""
        self._stopping.set()
        self.join(60)
        assert not self.is_alive(), "the last entry was never acknowledged"


class Writers:
    """Several at once."""

    def __init__(self, made: list[Writer]) -> None:
        self._writers = made

    @property
    def acknowledged(self) -> list[str]:
        """The ids of the entries whose writing was answered."""
        return [entry for writer in self._writers for entry in writer.acknowledged]

    def go_on(self, *, seconds: float) -> list[str]:
        """Wait until each has written an entry it began after this moment; their ids."""
        now = time.monotonic()

        def each_has() -> list[tuple[float, str]] | None:
            assert [writer.failure for writer in self._writers if writer.failure] == []
            latest = [writer.latest for writer in self._writers]
            return latest if all(began > now for began, _ in latest) else None

        return [entry for _, entry in until(each_has, seconds=seconds, what="an entry of every writer")]


@contextlib.contextmanager
def writing(amqp_uri: str, *, count: int) -> Iterator[Writers]:
    """Writers at work inside the block; after it every entry is acknowledged."""
    made = [Writer(amqp_uri, number) for number in range(count)]
    for writer in made:
        writer.start()
    try:
        yield Writers(made)
    finally:
        for writer in made:
            writer._stopping.set()
    for writer in made:
        writer.finish()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Three nodes of this checkout's own, for these tests alone; nothing of them stays."""
    made = Cluster(place(is_test=True))
    ports: list[int] = []
    try:
        made.start()
        ports = [urlsplit(address).port or 0 for node in made.nodes for address in (node.uri(), node.api)]
        assert all(answers(port) for port in ports)
        yield made
    finally:
        made.stop()
    assert not [port for port in ports if answers(port)]


@pytest.fixture
def site(cluster: Cluster) -> Iterator[Site]:
    """A vhost of the test's own; in the end every node runs again."""
    broker = Broker(cluster.nodes[0].uri(), cluster.nodes[0].api)

    def made() -> str | None:
        with contextlib.suppress(TimeoutError):  # the nodes have only just met
            return broker.make_vhost()
        return None

    name = until(made, seconds=90, what="a vhost on all nodes")
    yield Site(cluster, name)
    for node in cluster.nodes:
        node.begin()
    for node in cluster.nodes:
        node.await_ready()
    broker.ask("DELETE", f"/vhosts/{name}")


@pytest.fixture
def vhost(cluster: Cluster, site: Site) -> str:
    """The AMQP URIs of that vhost, which the ledger takes in place of the test broker's."""
    return cluster.uri(site._vhost)


__all__ = ["ledger"]
