"""What all tests share: a real PostgreSQL server and a real RabbitMQ broker, and fresh pieces of both.

``make test`` starts private ones and names them in TEST_DATABASE_URL, TEST_AMQP_URI and TEST_RABBIT_API.
"""

from __future__ import annotations

import base64
import os
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from deploy.local.throwaway import ThrowawayPlatform
from tests.support.smtp_sink import Sink

Make = Callable[[str], str]


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.exit(f"{name} is not set: run the tests with `make test`", returncode=2)
    return value


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs servers, so that `make check` can do without."""
    for item in items:
        if {"database_server", "broker"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("needs_servers")


@pytest.fixture(scope="session")
def database_server() -> str:
    """The URL of a PostgreSQL server where databases may be created."""
    return _required("TEST_DATABASE_URL")


def _make_databases(server: str) -> Iterator[Make]:
    engine = create_engine(
        make_url(server).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    made: list[str] = []

    def make(name: str) -> str:
        database = f"test_{name}_{uuid.uuid4().hex[:12]}"
        with engine.connect() as connection:
            connection.exec_driver_sql(f'create database "{database}"')
        made.append(database)
        return make_url(server).set(database=database).render_as_string(hide_password=False)

    yield make
    with engine.connect() as connection:
        for database in made:
            connection.execute(text(f'drop database if exists "{database}" with (force)'))


@pytest.fixture
def fresh_database(database_server: str) -> Iterator[Make]:
    """Makes an empty database of the given name; it goes with the test."""
    yield from _make_databases(database_server)


@pytest.fixture(scope="module")
def module_database(database_server: str) -> Iterator[Make]:
    """As `fresh_database`, kept for the tests of one module."""
    yield from _make_databases(database_server)


class Broker:
    """The test broker and its management API."""

    def __init__(self, amqp_uri: str, api: str) -> None:
        self.amqp_uri = amqp_uri
        parts = urlsplit(api)
        self._api = urlunsplit((parts.scheme, f"{parts.hostname}:{parts.port}", "", "", ""))
        login = f"{parts.username}:{parts.password}".encode()
        self._authorization = f"Basic {base64.b64encode(login).decode()}"
        self.user = parts.username or ""

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """One request to the management API."""
        headers = {"Authorization": self._authorization, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._api}/api{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return bytes(answer.read())

    def make_vhost(self) -> str:
        """A new vhost; returns its name."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self.ask("PUT", f"/vhosts/{name}")
        everything = b'{"configure":".*","write":".*","read":".*"}'
        self.ask("PUT", f"/permissions/{name}/{quote(self.user)}", everything)
        return name

    def uri(self, vhost: str) -> str:
        """The AMQP URI of a vhost."""
        return urlunsplit(urlsplit(self.amqp_uri)._replace(path=f"/{vhost}"))


@pytest.fixture(scope="session")
def broker() -> Broker:
    """A RabbitMQ broker where vhosts may be created."""
    return Broker(_required("TEST_AMQP_URI"), _required("TEST_RABBIT_API"))


@pytest.fixture
def vhost(broker: Broker) -> Iterator[str]:
    """The AMQP URI of a vhost of the test's own."""
    name = broker.make_vhost()
    yield broker.uri(name)
    broker.ask("DELETE", f"/vhosts/{name}")


@pytest.fixture(scope="session")
def mails() -> Iterator[Sink]:
    """The SMTP server the platform hands its mails to."""
    made = Sink()
    yield made
    made.close()


#: No quiet hours, as tests run at any time of the day; pauses short enough to wait for.
NOTIFY_QUICKLY = {
    "NOTIFY_SMTP_FROM": "青年之城 <city@jinzhong.test>",
    "NOTIFY_QUIET_HOURS": "",
    "NOTIFY_SEND_SECONDS": "0.1",
    "NOTIFY_PAUSE_SECONDS": "0.5",
    "NOTIFY_BACK_OFF": "0.5,1",
}


@pytest.fixture(scope="session")
def platform(
    database_server: str, broker: Broker, mails: Sink, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ThrowawayPlatform]:
    """A whole platform in real processes, two of each service, for all tests that speak HTTP; in the end nobody they told
    it of may be found in its logs, metrics, queues and databases.
    """
    from tests.support.personal_data import leaks

    databases = _make_databases(database_server)
    vhost = broker.make_vhost()
    folder = tmp_path_factory.mktemp("platform")
    made = ThrowawayPlatform(folder, next(databases), broker.uri(vhost), broker.user)
    made.environment |= {"CHECK_EVENTS": "1", "NOTIFY_SMTP_URL": mails.url, **NOTIFY_QUICKLY}
    try:
        made.prepare()
        made.start(processes_each=2)
        yield made
        assert leaks(made, broker, vhost) == [], "people can be found where nobody may be"
    finally:
        made.close()
        broker.ask("DELETE", f"/vhosts/{vhost}")
        next(databases, None)
