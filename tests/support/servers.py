"""The test servers, and the pieces of them a test gets: databases and vhosts of its own.

``make test`` starts a private PostgreSQL server and a private RabbitMQ broker and names them in TEST_DATABASE_URL,
TEST_AMQP_URI and TEST_RABBIT_API. The workers of a parallel run share both servers, and no database and no vhost.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from sqlalchemy import Engine, NullPool, create_engine, make_url

from chassis.store import migrations
from chassis.store.database import with_driver
from chassis.store.migrations import rights
from deploy.local import database_roles
from deploy.local.database_roles import running_role

Make = Callable[[str], str]


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.exit(f"{name} is not set: run the tests with `make test`", returncode=2)
    return value


class Databases:
    """Makes databases on one server, and drops them all at the end."""

    def __init__(self, server: str) -> None:
        self._server = make_url(server)
        self._engine = create_engine(
            self._server.set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
        self._made: list[str] = []

    def make(self, name: str, *, template: str | None = None) -> str:
        """The URL of a new database: an empty one, or a copy of the database at `template`."""
        database = f"test_{name}_{uuid.uuid4().hex[:12]}"
        copied = f' template "{make_url(template).database}" strategy file_copy' if template else ""
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f'create database "{database}"{copied}')
        self._made.append(database)
        return self._server.set(database=database).render_as_string(hide_password=False)

    def drop_all(self) -> None:
        with self._engine.connect() as connection:
            for database in self._made:
                connection.exec_driver_sql(f'drop database if exists "{database}" with (force)')
                role = running_role(database)  # in some tests an owner, with a running role of its own
                connection.exec_driver_sql(f'drop role if exists "{role}", "{running_role(role)}"')
        self._made.clear()


def with_rights(url: str) -> str:
    """The URL of the same database, which has its tables, for a role with the rights of one that runs a service."""
    made = without_rights(url)
    engine = create_engine(with_driver(url), poolclass=NullPool)
    with engine.begin() as connection:
        rights.settle(connection, make_url(made).username)
    return made


def without_rights(url: str) -> str:
    """As `with_rights`, for a role that ``migrate`` has not met yet."""
    return database_roles.make_running(url, running_role(make_url(url).database or ""), secrets.token_hex(8))


def as_owner(url: str) -> str:
    """The URL of the same database for the role that owns it: for what a test does and no service may."""
    server = make_url(_required("TEST_DATABASE_URL"))
    return server.set(database=make_url(url).database).render_as_string(hide_password=False)


def of_owner(engine: Engine) -> Engine:
    """An engine on the same database for the role that owns it."""
    return create_engine(with_driver(as_owner(engine.url.render_as_string(hide_password=False))), poolclass=NullPool)


def truncate(engine: Engine, tables: str) -> None:
    """Empty the tables of an engine's database, as no role that runs may."""
    with of_owner(engine).begin() as connection:
        connection.exec_driver_sql(f"truncate {tables}")


@contextlib.contextmanager
def databases(server: str) -> Iterator[Databases]:
    """Databases that live as long as the block."""
    made = Databases(server)
    try:
        yield made
    finally:
        made.drop_all()


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

    def drop_vhost(self, name: str) -> None:
        """Delete a vhost with its queues and messages."""
        self.ask("DELETE", f"/vhosts/{name}")

    def uri(self, vhost: str) -> str:
        """The AMQP URI of a vhost."""
        return urlunsplit(urlsplit(self.amqp_uri)._replace(path=f"/{vhost}"))


@pytest.fixture(scope="session")
def database_server() -> str:
    """The URL of a PostgreSQL server where databases may be created."""
    return _required("TEST_DATABASE_URL")


@pytest.fixture
def fresh_database(database_server: str) -> Iterator[Make]:
    """Makes an empty database of the given name; it goes with the test."""
    with databases(database_server) as made:
        yield made.make


@pytest.fixture(scope="module")
def module_database(database_server: str) -> Iterator[Make]:
    """As `fresh_database`, kept for the tests of one module."""
    with databases(database_server) as made:
        yield made.make


@pytest.fixture(scope="session")
def migrated_template(database_server: str) -> Iterator[Make]:
    """The migrated database of a service or the gateway, made at its first use, never written to: a template for copies."""
    made: dict[str, str] = {}
    with databases(database_server) as kept:

        def template(service: str) -> str:
            if service not in made:
                url = kept.make(f"{service}_template")
                migrations.upgrade(url, service)
                made[service] = url
            return made[service]

        yield template


@pytest.fixture
def migrated_database(database_server: str, migrated_template: Make) -> Iterator[Make]:
    """Makes a migrated database of a service or the gateway, for the role that runs it; it goes with the test."""
    with databases(database_server) as made:
        yield lambda service: with_rights(made.make(service, template=migrated_template(service)))


@pytest.fixture(scope="module")
def module_migrated_database(database_server: str, migrated_template: Make) -> Iterator[Make]:
    """As `migrated_database`, kept for the tests of one module."""
    with databases(database_server) as made:
        yield lambda service: with_rights(made.make(service, template=migrated_template(service)))


@pytest.fixture(scope="session")
def broker() -> Broker:
    """A RabbitMQ broker where vhosts may be created."""
    return Broker(_required("TEST_AMQP_URI"), _required("TEST_RABBIT_API"))


@pytest.fixture
def vhost(broker: Broker) -> Iterator[str]:
    """The AMQP URI of a vhost of the test's own."""
    name = broker.make_vhost()
    yield broker.uri(name)
    broker.drop_vhost(name)
