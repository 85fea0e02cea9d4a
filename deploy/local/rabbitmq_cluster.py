"""Three private RabbitMQ nodes that are one cluster, for tests that take one of them away.

Lives here: what makes nodes a cluster (one cookie, one port mapper, each other's names) and ending one alone. Not here: what
a node is (``rabbitmq``), what a platform on a cluster needs to set (docs/cluster.md).
"""

from __future__ import annotations

import shutil
import signal

from deploy.local import running
from deploy.local.broker_users import OPS, VHOST
from deploy.local.notes import Notes
from deploy.local.place import Place
from deploy.local.rabbitmq import STOP_SECONDS, RabbitMQ

LETTERS = "abc"
_OWN_PORTS = ("amqp", "management", "distribution")


class Node(RabbitMQ):
    """One node of the cluster."""

    def __init__(self, place: Place, notes: Notes, letter: str) -> None:
        super().__init__(place, notes)
        self._letter = letter
        self._folder = place.data / "cluster" / letter
        self._mark = _mark(place)

    @property
    def name(self) -> str:
        """The node, as Erlang knows it."""
        return _name(self._place, self._letter)

    def begin(self) -> None:
        """Begin to start the node, if it does not run; with its old data it is a member of the cluster again."""
        home = self._folder / "home"
        for folder in (self._folder.parent, self._folder, home):
            self._place.folder(folder)
        self._place.file(home / ".erlang.cookie", self._notes.secret("cluster.cookie"))
        super().begin()

    def stop(self) -> None:
        """End this node alone and at once, as when its machine loses power."""
        node = self._node()
        if node is not None:
            running.tell([node], signal.SIGKILL)
            running.await_end([node], seconds=STOP_SECONDS)

    def is_running(self) -> bool:
        """Whether there is a process of it, ready or not."""
        return self._node() is not None

    def _take_ports(self) -> None:
        for name in _OWN_PORTS:
            self._notes.free_port(self._noted(name))

    def _port(self, name: str) -> int:
        return self._notes.port(self._noted(name))

    def _noted(self, name: str) -> str:
        return f"cluster.{self._letter}.{name}" if name in _OWN_PORTS else f"cluster.{name}"

    def _configuration(self) -> str:
        lines = [
            "cluster_formation.peer_discovery_backend = classic_config",
            *(
                f"cluster_formation.classic_config.nodes.{number} = {_name(self._place, letter)}"
                for number, letter in enumerate(LETTERS, 1)
            ),
            # a node that does not see most of the cluster stops serving, rather than living on with a truth of its own
            "cluster_partition_handling = pause_minority",
        ]
        return super()._configuration() + "\n".join(lines) + "\n"


class Cluster:
    """The nodes and what they share."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._notes = Notes(place.data / "cluster.json")
        self.nodes = [Node(place, self._notes, letter) for letter in LETTERS]

    def uri(self, vhost: str = VHOST) -> str:
        """The broker as its clients know it: every node, ";" between them."""
        return ";".join(node.uri(OPS, vhost) for node in self.nodes)

    def start(self) -> None:
        """Start an empty cluster; returns when it is one."""
        self.stop()
        self._notes.free_port("cluster.epmd")
        first, *others = self.nodes
        first.begin()
        first.await_ready()
        for node in others:
            node.begin()
        for node in others:
            node.await_ready()

    def stop(self) -> None:
        """Stop every node and the port mapper, and forget their data; returns when all is gone."""
        for node in self.nodes:
            node.stop()
        running.end(running.members(_mark(self._place)), seconds=5)
        shutil.rmtree(self._place.data / "cluster", ignore_errors=True)


def _mark(place: Place) -> str:
    return f"{place.state}:cluster"


def _name(place: Place, letter: str) -> str:
    return f"youthcity-{place.tag}-{letter}@localhost"
