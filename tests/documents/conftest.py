"""The platform the documents speak of: new, with the demo city in it, and no other tests at work there."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.local.broker_users import listener_rights
from deploy.local.clients import CLIENTS, LISTENER, LISTENER_TYPES
from deploy.local.throwaway import UNLIMITED, ThrowawayPlatform, eventually
from examples.client import client_of
from tests.documents import blocks
from tests.support.platforms import NOTIFY_QUICKLY, MakePlatform
from tests.support.servers import Broker


class City:
    """A checkout as `make run` leaves it: `.state/platform.json`, `examples`, and the environment of the commands."""

    def __init__(self, platform: ThrowawayPlatform, folder: Path, listener_uri: str) -> None:
        self.platform, self.folder = platform, folder
        self.environment = {**platform.environment, "PYTHONPATH": str(blocks.ROOT)}
        described = folder / ".state" / "platform.json"
        described.parent.mkdir()
        clients = {name: self._registered(name) for name in CLIENTS}
        listeners = {LISTENER: listener_uri}
        described.write_text(json.dumps({"gateway_url": platform.url, "clients": clients, "listeners": listeners}))
        (folder / "examples").symlink_to(blocks.ROOT / "examples")
        (described.parent / "venv").symlink_to(sys.prefix)
        self.loaded = platform.run("examples.demo", "--platform", str(described))
        self.client = client_of({"gateway_url": platform.url, "clients": clients}, "demo")
        eventually(lambda: self._figure("notify.messages") == 2000, what="a message to everybody", seconds=60)

    def _registered(self, name: str) -> dict[str, object]:
        return dict(json.loads(self.platform.run("gateway", *CLIENTS[name].arguments(name))))

    def _figure(self, key: str) -> int:
        return int(self.client.get("/v1/figures", key=key)["items"][0]["value"])

    def differences(self, document: str, name: str) -> list[str]:
        """Run the blocks of that name; what they print otherwise than the document shows."""
        return blocks.run(document, name, folder=self.folder, environment=self.environment)


@pytest.fixture(scope="package")
def city(prepared_platform: MakePlatform, broker: Broker) -> Iterator[City]:
    """The platform of the documents, one process of each service."""
    with prepared_platform("city") as made:
        made.environment |= NOTIFY_QUICKLY
        for limit in UNLIMITED:  # the documents show the shares everybody has
            del made.environment[limit]
        made.start(processes_each=1)
        yield City(made, made.folder, _listener(broker, made.vhost))
        broker.ask("DELETE", f"/users/{made.vhost}")


def _listener(broker: Broker, vhost: str) -> str:
    """A broker user named as the vhost, with the rights of a department that listens; its URI."""
    broker.ask("PUT", f"/users/{vhost}", json.dumps({"password": vhost, "tags": ""}).encode())
    rights = listener_rights(LISTENER, LISTENER_TYPES, vhost=vhost, user=vhost)
    broker.ask("POST", "/definitions", json.dumps(rights).encode())
    parts = urlsplit(broker.uri(vhost))
    return parts._replace(netloc=f"{vhost}:{vhost}@{parts.hostname}:{parts.port}").geturl()
