"""A cluster of three private RabbitMQ nodes, for tests that stop a node.

Lives here: forming the cluster (a common cookie, a common port mapper, the names of all nodes) and killing a single node. Not
here: a node itself (``deploy.local.rabbitmq``), the settings of a platform on a cluster (docs/cluster.md).
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
    """A node of the cluster."""

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
        """Begin to start the node, if it does not run; with its old data it rejoins the cluster."""
        home = self._folder / "home"
        for folder in (self._folder.parent, self._folder, home):
            self._place.folder(folder)
        self._place.file(home / ".erlang.cookie", self._notes.secret("cluster.cookie"))
        super().begin()

    def stop(self) -> None:
        """Kill this node alone, as when its machine loses power."""
        node = self._node()
        if node is not None:
            running.send_signal([node], signal.SIGKILL)
            running.await_end([node], seconds=STOP_SECONDS)

    def is_running(self) -> bool:
        """Whether its process exists, ready or not."""
        return self._node() is not None

    def _take_ports(self) -> None:
        for name in _OWN_PORTS:
            self._notes.free_port(self._note_of(name))

    def _port(self, name: str) -> int:
        return self._notes.port(self._note_of(name))

    def _note_of(self, name: str) -> str:
        return f"cluster.{self._letter}.{name}" if name in _OWN_PORTS else f"cluster.{name}"

    def _configuration(self) -> str:
        lines = [
            "cluster_formation.peer_discovery_backend = classic_config",
            *(
                f"cluster_formation.classic_config.nodes.{number} = {_name(self._place, letter)}"
                for number, letter in enumerate(LETTERS, 1)
            ),
            # a node that cannot see the majority pauses, so that two halves never diverge
            "cluster_partition_handling = pause_minority",
        ]
        return super()._configuration() + "\n".join(lines) + "\n"


class Cluster:
    """The nodes, and the notes they share."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._notes = Notes(place.data / "cluster.json")
        self.nodes = [Node(place, self._notes, letter) for letter in LETTERS]

    def uri(self, vhost: str = VHOST) -> str:
        """The URI for clients: every node, separated by ";"."""
        return ";".join(node.uri(OPS, vhost) for node in self.nodes)

    def start(self) -> None:
        """Start an empty cluster; returns when every node is ready."""
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
        """Stop every node and the port mapper, and delete their data; returns when all processes have ended."""
        for node in self.nodes:
            node.stop()
        running.end(running.members(_mark(self._place)), seconds=5)
        shutil.rmtree(self._place.data / "cluster", ignore_errors=True)


def _mark(place: Place) -> str:
    return f"{place.state}:cluster"


def _name(place: Place, letter: str) -> str:
    return f"youthcity-{place.tag}-{letter}@localhost"
