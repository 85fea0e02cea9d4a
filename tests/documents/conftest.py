"""The platform the documents speak of: new, with the demo city in it, and no other tests at work there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from chassis.store.database import make_engine
from deploy.local.broker_users import listener_rights
from deploy.local.clients import CLIENTS, LISTENER, LISTENER_TYPES
from deploy.local.throwaway import UNLIMITED, ThrowawayPlatform, eventually
from examples.client import client_of
from tests.documents import blocks
from tests.support.checkouts import Checkout, bare_environment
from tests.support.platforms import NOTIFY_QUICKLY, MakePlatform
from tests.support.servers import Broker


class City:
    """A checkout as `make run` leaves it, and the platform it describes."""

    def __init__(self, platform: ThrowawayPlatform, folder: Path, listener_uri: str) -> None:
        self.platform, self.checkout = platform, Checkout(folder)
        clients = {name: self._registered(name) for name in CLIENTS}
        self.checkout.describe_running(platform, clients=clients, listeners={LISTENER: listener_uri})
        described = folder / ".state" / "platform.json"
        self.loaded = platform.run("examples.demo", "--platform", str(described))
        self.client = client_of({"gateway_url": platform.url, "clients": clients}, "demo")
        eventually(lambda: self._messages() == 2000, what="a message to everybody", seconds=60)

    def _registered(self, name: str) -> dict[str, object]:
        return dict(json.loads(self.platform.run("gateway", *CLIENTS[name].arguments(name))))

    def _messages(self) -> int:
        engine = make_engine(self.platform.databases["notify"], pool_size=1, name="test")
        with engine.connect() as connection:
            found = connection.execute(text("select count(*) from messages")).scalar_one()
        engine.dispose()
        return int(found)

    def differences(self, document: str, name: str) -> list[str]:
        """Run the blocks of that name; what they print otherwise than the document shows."""
        return blocks.run(document, name, folder=self.checkout.folder, environment=bare_environment())


@pytest.fixture(scope="package")
def city(prepared_platform: MakePlatform, broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The platform of the documents, one process of each service."""
    with prepared_platform("city") as made:
        made.environment |= NOTIFY_QUICKLY
        for limit in UNLIMITED:  # the documents show the shares everybody has
            del made.environment[limit]
        made.start(processes_each=1)
        yield City(made, tmp_path_factory.mktemp("checkout"), _listener(broker, made.vhost))
        broker.ask("DELETE", f"/users/{made.vhost}")


def _listener(broker: Broker, vhost: str) -> str:
    """A broker user named as the vhost, with the rights of a department that listens; its URI."""
    broker.ask("PUT", f"/users/{vhost}", json.dumps({"password": vhost, "tags": ""}).encode())
    rights = listener_rights(LISTENER, LISTENER_TYPES, vhost=vhost, user=vhost)
    broker.ask("POST", "/definitions", json.dumps(rights).encode())
    parts = urlsplit(broker.uri(vhost))
    return parts._replace(netloc=f"{vhost}:{vhost}@{parts.hostname}:{parts.port}").geturl()
