"""Users of the test broker, made with the rights a test asks for, and gone with the test."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import amqp
import pytest

from chassis.broker import topology
from tests.deploy.rights import MakeUser, of_process
from tests.support.servers import Broker


@pytest.fixture
def user_like(broker: Broker, vhost: str) -> Iterator[MakeUser]:
    """Makes a broker user with the rights of the named process in the test's vhost; returns its URI."""
    made: list[str] = []
    name_of_vhost = urlsplit(vhost).path[1:]

    def make(process: str, rights_of: Callable[[str, str, str], dict[str, Any]] = of_process) -> str:
        user = f"test-{uuid.uuid4().hex[:8]}-{process}"
        broker.ask("PUT", f"/users/{user}", json.dumps({"password": user, "tags": ""}).encode())
        broker.ask("POST", "/definitions", json.dumps(rights_of(process, user, name_of_vhost)).encode())
        made.append(user)
        parts = urlsplit(vhost)
        return parts._replace(netloc=f"{user}:{user}@{parts.hostname}:{parts.port}").geturl()

    yield make
    for user in made:
        broker.ask("DELETE", f"/users/{user}")


@pytest.fixture
def connect() -> Iterator[Callable[[str], amqp.Connection]]:
    opened: list[amqp.Connection] = []

    def open_one(uri: str) -> amqp.Connection:
        parts = urlsplit(uri)
        connection = amqp.Connection(
            host=f"{parts.hostname}:{parts.port}",
            userid=parts.username,
            password=parts.password,
            virtual_host=parts.path[1:],
        )
        connection.connect()
        opened.append(connection)
        return connection

    yield open_one
    for connection in opened:
        with contextlib.suppress(amqp.AMQPError, OSError):  # its user may be gone
            connection.close()


@pytest.fixture
def ops(vhost: str, connect: Any) -> amqp.Channel:
    """A channel of whoever sets the platform up, with all its queues there."""
    channel = connect(vhost).channel()
    topology.declare_all(channel, delays=[5.0])
    return channel
