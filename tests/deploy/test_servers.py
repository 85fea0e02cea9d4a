"""The private servers for real: two stacks side by side, on loopback only, and nothing left when they are stopped."""

from __future__ import annotations

import shutil
import socket
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import amqp
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from chassis.store.database import with_driver
from deploy.local import running
from deploy.local.notes import Notes, answers
from deploy.local.place import Place, place
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ, node_pid


class Stack:
    """The servers of a checkout of the test's own."""

    def __init__(self, root: Path) -> None:
        self.place: Place = place(is_test=True, root=root)
        self.notes = Notes(self.place.data / "notes.json")
        self.postgres = Postgres(self.place, self.notes)
        self.rabbitmq = RabbitMQ(self.place, self.notes)

    def start(self) -> None:
        self.rabbitmq.begin()
        self.postgres.start()
        self.rabbitmq.await_ready()

    def stop(self) -> None:
        self.rabbitmq.stop()
        self.postgres.stop()

    def end_node(self) -> None:
        """End the broker's node cleanly; a test node is killed by ``stop``, and may forget a queue of its last second."""
        node = node_pid(self.place.data / "rabbitmq")
        assert node is not None
        running.end([node], seconds=60)

    def pids(self) -> list[int]:
        """Every process of both servers."""
        marked = running.members(f"{self.place.state}:rabbitmq")
        return sorted({*marked, *running.commanded(str(self.place.data))})

    def ports(self) -> dict[str, int]:
        names = ("amqp", "management", "distribution", "epmd", "postgres")
        return {name: self.notes.port(name) for name in names}


@pytest.fixture(scope="module")
def stacks() -> Iterator[list[Stack]]:
    """Two running checkouts; one in a folder only its owner may enter, as a home folder often is."""
    folders = [Path(tempfile.mkdtemp(prefix="youth-city-")) for _ in range(2)]
    folders[1].chmod(0o755)
    made = [Stack(folder) for folder in folders]
    try:
        for stack in made:
            stack.start()
        yield made
    finally:
        for stack in made:
            stack.stop()
            shutil.rmtree(stack.place.data)
        for folder in folders:
            shutil.rmtree(folder)


class TestServers:
    def test_of_two_checkouts_run_side_by_side_on_loopback_only(self, stacks: list[Stack]) -> None:
        used = [port for stack in stacks for port in stack.ports().values()]
        assert len(set(used)) == len(used)
        assert all(answers(port) for port in used)
        assert not [port for port in used if _answers_outside(port)]

    def test_do_not_run_as_root_and_their_data_is_nobody_elses(self, stacks: list[Stack]) -> None:
        for stack in stacks:
            pids = stack.pids()
            assert len(pids) > 3
            assert not [pid for pid in pids if Path(f"/proc/{pid}").stat().st_uid == 0]
            for name in ("postgres", "rabbitmq", "notes.json"):
                assert (stack.place.data / name).stat().st_mode & 0o077 == 0

    def test_ask_for_a_login(self, stacks: list[Stack]) -> None:
        port = stacks[0].notes.port("management")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/overview", timeout=10)
        with pytest.raises(OperationalError, match="password"):
            create_engine(make_url(with_driver(stacks[0].postgres.url)).set(password="wrong")).connect()

    def test_leave_nothing_and_find_what_was_written_even_on_another_port(self, stacks: list[Stack]) -> None:
        stack = stacks[0]
        _write_to(stack)
        stack.start()  # changes nothing
        before = stack.ports()
        stack.end_node()
        stack.stop()
        assert not [port for port in before.values() if answers(port)]
        assert stack.pids() == []
        with socket.socket() as stranger:
            stranger.bind(("127.0.0.1", before["amqp"]))
            stranger.listen()
            stack.start()
        assert stack.ports()["amqp"] != before["amqp"]
        assert stack.ports()["postgres"] == before["postgres"]
        assert _read_from(stack) == ("kept", 1)
        assert all(answers(port) for port in stacks[1].ports().values())


def _write_to(stack: Stack) -> None:
    engine = create_engine(with_driver(stack.postgres.url))
    with engine.begin() as connection:
        connection.execute(text("create table notes as select 'kept' as word"))
    engine.dispose()
    with _channel(stack) as channel:
        channel.queue_declare("kept", durable=True, auto_delete=False)
        channel.confirm_select()
        channel.basic_publish_confirm(amqp.Message("kept", delivery_mode=2), routing_key="kept")


def _read_from(stack: Stack) -> tuple[str, int]:
    engine = create_engine(with_driver(stack.postgres.url))
    with engine.connect() as connection:
        word = connection.execute(text("select word from notes")).scalar_one()
    engine.dispose()
    with _channel(stack) as channel:
        return word, channel.queue_declare("kept", passive=True).message_count


def _channel(stack: Stack) -> amqp.Channel:
    connection = amqp.Connection(
        host=f"127.0.0.1:{stack.notes.port('amqp')}",
        userid="ops",
        password=stack.notes.secret("amqp.ops"),
        virtual_host="youthcity",
    )
    connection.connect()
    channel = connection.channel()
    return channel


def _answers_outside(port: int) -> bool:
    """Whether the port can be reached by an address of this machine other than loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing; tells which address would be used
        address = probe.getsockname()[0]
    with socket.socket() as client:
        client.settimeout(1)
        return not address.startswith("127.") and client.connect_ex((address, port)) == 0
