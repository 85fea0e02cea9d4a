"""A deployment with one database role for each service gets its second by the commands of docs/operating.md, while it runs."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url

from chassis.store import migrations
from chassis.store.database import with_driver
from deploy.local import demo_keys
from deploy.local.broker_users import GATEWAY
from deploy.local.processes import services
from deploy.local.throwaway import eventually, free_port
from tests.documents.blocks import ROOT
from tests.support.checkouts import Checkout
from tests.support.servers import Broker, databases, without_rights

GUIDE = "docs/operating.md"
NAMES = [*services(), GATEWAY]


class Deployment:
    """Databases as they were before: owned, migrated and run by one role each, whose address is in the secrets."""

    def __init__(self, folder: Path, server: str, urls: dict[str, str], amqp_uri: str) -> None:
        self.checkout, self.secrets = Checkout(folder), folder / "deploy" / "secrets"
        self.secrets.mkdir()
        self.server = server
        self.environment = {"AMQP_URI": amqp_uri, "YOUTHCITY_ENV": "dev", "KEY_DIR": str(folder / "keys")}
        self.checkout.describe(self.environment)
        for name, url in urls.items():
            (self.secrets / f"{name}_database_url").write_text(url + "\n")
            (self.secrets / f"{name}_database_url").chmod(0o600)
            migrations.upgrade(url, name, running=make_url(url).username)
        self.processes: list[subprocess.Popen[bytes]] = []

    def type(self, name: str) -> str:
        """Run the guide's blocks of that name; what they print."""
        return self.checkout.types(GUIDE, name, POSTGRES_URL=self.server)

    def address(self, name: str, kind: str = "") -> str:
        return (self.secrets / f"{name}_{kind}database_url").read_text().strip()

    def start(self, service: str) -> str:
        """Start a process with the address of today; returns where it says whether it is ready, once it is."""
        port = free_port()
        given = {f"{service.upper()}_DATABASE_URL": self.address(service), f"{service.upper()}_HEALTH_PORT": str(port)}
        command = [sys.executable, "-m", f"services.{service}", "--lanes", "relay,timers"]
        self.processes.append(
            subprocess.Popen(
                command, env={**os.environ, **self.environment, **given}, cwd=ROOT, stdout=subprocess.DEVNULL
            )
        )
        ready = f"http://127.0.0.1:{port}/readyz"
        eventually(lambda: is_ready(ready), what=f"{service} being ready")
        return ready

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def deployment(database_server: str, broker: Broker, vhost: str, tmp_path: Path) -> Iterator[Deployment]:
    server = create_engine(with_driver(database_server), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with databases(database_server) as made:
        urls = {name: without_rights(made.make(name)) for name in NAMES}
        with server.connect() as connection:
            for url in map(make_url, urls.values()):
                connection.exec_driver_sql(f'alter database "{url.database}" owner to "{url.username}"')
        deployed = Deployment(tmp_path, database_server, urls, vhost)
        demo_keys.make(tmp_path / "keys")
        yield deployed
        deployed.close()


def test_a_deployment_gets_its_second_role_while_it_runs(deployment: Deployment) -> None:
    before = {name: deployment.address(name) for name in NAMES}
    old = deployment.start("talent")
    deployment.type("roles-made")
    assert {name: deployment.address(name, "migration_") for name in NAMES} == before
    assert {path.stat().st_mode & 0o777 for path in deployment.secrets.glob("*_database_url")} == {0o600}
    passwords = [str(make_url(deployment.address(name)).password) for name in NAMES]
    sql = (deployment.secrets / "running_roles.sql").read_text()
    assert len(set(passwords)) == 5
    assert [one for one in passwords if one in sql] == []

    printed = deployment.type("roles-granted")
    assert [line.split(":")[0] for line in printed.splitlines()] == ["talent", "events", "perks", "notify", "gateway"]
    new = deployment.start("talent")
    assert (is_ready(old), is_ready(new)) == (True, True), "side by side"
    assert deployment.type("roles-checked").count("permission denied for schema public") == 5

    deployment.type("roles-undone")
    assert {name: deployment.address(name) for name in NAMES} == before
