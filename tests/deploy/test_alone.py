"""Each deployable alone, as its image holds it: its own folders, dependency group, rights and secrets, and nothing else."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import amqp
import psycopg
import pytest
from sqlalchemy import Engine, NullPool, create_engine, make_url, text

from chassis.broker.publisher import ConfirmedPublisher, Outgoing
from contracts.language import envelope
from deploy import new_secrets
from deploy.local.broker_users import GATEWAY, OPS
from deploy.local.database_roles import running_role
from deploy.local.processes import services
from deploy.local.throwaway import eventually
from examples.city import credit_code
from examples.client import Client
from tests.architecture import compose
from tests.deploy.images import PORT, Containers
from tests.support.servers import Broker

DEPLOYABLES = [*services(), GATEWAY]
#: Installed for tests and tools alone; or for another deployable.
FOREIGN = {"openpyxl", "pytest", "celery", "supervisor"}
OF_ANOTHER = {
    "gateway": "nameko",
    "talent": "jinja2",
    "events": "python_calamine",
    "perks": "jinja2",
    "notify": "joserfc",
}
#: Endings of what is no code: the page of the API's description, and its licences.
OTHER_FILES = {"gateway": (".css", ".js", ".json")}


@pytest.fixture(scope="module")
def prefix() -> str:
    """Before every user and database of this platform; the servers are shared."""
    return f"test_{uuid.uuid4().hex[:8]}_"


@pytest.fixture(scope="module")
def secrets(database_server: str, broker: Broker, prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compose") / "secrets"
    postgres, rabbitmq = make_url(database_server), urlsplit(broker.amqp_uri)
    new_secrets.make(
        folder,
        postgres=f"{postgres.host}:{postgres.port}",
        broker=f"{rabbitmq.hostname}:{rabbitmq.port}",
        prefix=prefix,
        vhost=f"{prefix}youthcity",
    )
    return folder


@pytest.fixture(scope="module")
def server(database_server: str, secrets: Path, prefix: str) -> Iterator[Engine]:
    """PostgreSQL after the statements its image runs at its first start."""
    url = make_url(database_server).set(drivername="postgresql+psycopg2")
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in (secrets / "databases.sql").read_text().splitlines():
            connection.exec_driver_sql(statement)
    yield engine
    with engine.connect() as connection:
        for name in DEPLOYABLES:
            connection.execute(text(f'drop database "{prefix}youthcity_{name}" with (force)'))
            connection.execute(text(f'drop role "{prefix}{name}", "{running_role(prefix + name)}"'))


@pytest.fixture(scope="module")
def defined(broker: Broker, secrets: Path, prefix: str) -> Iterator[None]:
    """RabbitMQ with the definitions its image loads at its start."""
    broker.ask("POST", "/definitions", (secrets / "broker_definitions.json").read_bytes())
    yield
    broker.ask("DELETE", f"/vhosts/{prefix}youthcity")
    for name in (*DEPLOYABLES, OPS):
        broker.ask("DELETE", f"/users/{prefix}{name}")


@pytest.fixture(scope="module")
def containers(
    server: Engine, defined: None, secrets: Path, prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Containers]:
    """The platform of the compose file: its jobs done, its processes started."""
    users = {f"{name.upper()}_BROKER_USER": f"{prefix}{name}" for name in DEPLOYABLES}
    made = Containers(tmp_path_factory.mktemp("containers"), secrets, users)
    try:
        made.run_jobs()
        for name in compose.processes():
            made.start(name)
        yield made
    finally:
        made.close()


class TestThePlatformOfTheComposeFile:
    @pytest.mark.parametrize("name", compose.processes())
    def test_every_process_gets_healthy(self, containers: Containers, name: str) -> None:
        containers.await_healthy(name)

    def test_a_request_and_a_fact_find_their_way(self, containers: Containers, server: Engine, prefix: str) -> None:
        arguments = [
            "-m",
            "gateway",
            "client",
            "add",
            "somebody",
            "--department",
            "education",
            "--scope",
            "all",
            "--json",
        ]
        status, output = containers.image(GATEWAY).run(*arguments, environment=containers.environment(GATEWAY))
        assert status == 0, output
        login = json.loads(output)
        containers.await_healthy(GATEWAY)
        client = Client(
            f"http://127.0.0.1:{containers.port(GATEWAY, PORT)}", login["client_id"], login["client_secret"]
        )
        body = {"kind": "university", "name": "太原理工大学", "uscc": credit_code("12", 1), "trusted_departments": []}
        organisation = client.post("/v1/organisations", body)
        for consumer in ("perks", "events"):
            copy = create_engine(server.url.set(database=f"{prefix}youthcity_{consumer}"), poolclass=NullPool)
            eventually(lambda at=copy: _names(at) == [organisation["id"]], what=f"the copy of {consumer}")

    def test_a_fact_another_service_forged_is_laid_aside_and_has_no_effect(
        self, containers: Containers, server: Engine, secrets: Path, prefix: str
    ) -> None:
        """Through the default exchange, to which every service may write: it answers and retries by it."""
        containers.await_healthy("perks-events")
        forger = ConfirmedPublisher((secrets / "events_amqp_uri").read_text().strip(), name="test.forger")
        forger.publish([Outgoing(_forged_affiliation(), "", "perks.on_affiliation_changed.v1", str(uuid.uuid4()))])
        forger.close()
        perks = create_engine(server.url.set(database=f"{prefix}youthcity_perks"), poolclass=NullPool)
        (reason,) = eventually(lambda: _column(perks, "select reason from dead_letters"), what="the dead letter")
        assert reason == f"sender_not_trusted: {prefix}events may not announce for talent"
        assert _column(perks, "select id from affiliations") == _column(perks, "select id from entitlements") == []

    def test_every_process_ends_well_on_sigterm(self, containers: Containers) -> None:
        names = set(containers.running) & compose.processes().keys()
        assert names
        for name in names:
            containers.await_healthy(name)
        for name in names:
            containers.running[name].terminate()
        assert {name: containers.end_of(name, seconds=40) for name in names} == dict.fromkeys(names, 0)

    def test_nothing_was_written_into_an_image(self, containers: Containers) -> None:
        for deployable in DEPLOYABLES:
            app = containers.image(deployable).app
            files = {path.relative_to(app) for path in app.rglob("*") if path.is_file() and path.suffix != ".pyc"}
            assert {path.suffix for path in files} <= {".py", ".sql", *OTHER_FILES.get(deployable, ())}, deployable
            own = {path.parts[0] if path.parts[0] != "services" else path.parts[1] for path in files}
            assert own - {"__init__.py"} == {"contracts", "chassis", deployable}


class TestAnImage:
    @pytest.mark.parametrize("deployable", DEPLOYABLES)
    def test_holds_no_package_but_those_of_its_group(self, containers: Containers, deployable: str) -> None:
        image = containers.image(deployable)
        for name in (*FOREIGN, OF_ANOTHER[deployable], "pip"):
            status, output = image.run("-c", f"import {name}")
            assert (status, f"No module named '{name}'" in output) == (1, True), output

    @pytest.mark.parametrize(
        ("deployable", "planted", "missing"),
        [
            ("notify", "import openpyxl", "openpyxl"),
            ("perks", "import jinja2", "jinja2"),
            ("perks", "from services.talent import people", "services.talent"),
            ("talent", "from gateway import settings", "gateway"),
        ],
    )
    def test_does_not_start_with_an_import_from_outside(
        self, containers: Containers, tmp_path: Path, deployable: str, planted: str, missing: str
    ) -> None:
        """What the tests above rest on: had a service such an import, it would not get healthy."""
        image, changed = containers.image(deployable), tmp_path / "app"
        shutil.copytree(image.app, changed)
        with open(changed / "services" / deployable / "service.py", "a") as file:
            file.write(f"\n{planted}\n")
        lane = next(name for name in compose.processes() if name.startswith(f"{deployable}-"))
        environment = containers.environment(lane) | {"PYTHONPATH": str(changed)}
        arguments = ("-P", "-m", f"services.{deployable}", "--lanes", "relay")
        status, output = image.run(*arguments, environment=environment)
        assert (status, f"No module named '{missing}'" in output) == (1, True), output


class TestSecrets:
    def test_a_password_is_kept_as_postgresql_itself_would_keep_it(self, database_server: str) -> None:
        with psycopg.connect(database_server) as connection:
            theirs = connection.pgconn.encrypt_password(b"a password", b"perks", b"scram-sha-256").decode()
        salt = re.fullmatch(r"SCRAM-SHA-256\$4096:([^$]+)\$.*", theirs)
        assert salt is not None
        assert new_secrets.scram_verifier("a password", base64.b64decode(salt[1])) == theirs

    def test_the_broker_lets_nobody_in_with_another_password(self, broker: Broker, defined: None, prefix: str) -> None:
        address = urlsplit(broker.amqp_uri)
        with pytest.raises(amqp.AccessRefused):
            amqp.Connection(
                host=f"{address.hostname}:{address.port}",
                userid=f"{prefix}perks",
                password="another",
                virtual_host=f"{prefix}youthcity",
            ).connect()


def _names(copy: Engine) -> list[str]:
    return _column(copy, "select id from organisations")


def _column(database: Engine, sql: str) -> list[str]:
    with database.connect() as connection:
        return [str(row[0]) for row in connection.execute(text(sql))]


def _forged_affiliation() -> str:
    """A confirmed student, as talent would announce one."""
    facts = {name: str(uuid.uuid4()) for name in ("affiliation_id", "person_id", "organisation_id")}
    data = {**facts, "role": "student", "state": "confirmed", "version": 1, "from_on": "2024-09-01", "until_on": None}
    now = dt.datetime.now(dt.UTC)
    kind = "talent.affiliation.confirmed.v1"
    return envelope.compose(
        envelope.Event(uuid.uuid4(), kind, facts["affiliation_id"], 1, now, data, replay=False, traceparent=None)
    )
