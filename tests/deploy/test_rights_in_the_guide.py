"""The guide's commands for the rights at a broker that runs, typed at the test broker with its own ``rabbitmqctl``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.broker_users import GATEWAY, VHOST, rights
from deploy.local.notes import Notes
from deploy.local.place import place
from deploy.local.processes import services
from deploy.local.rabbitmq import RabbitMQ
from tests.deploy.rights import former_rights
from tests.support.checkouts import Checkout
from tests.support.servers import Broker
from tests.support.waiting import until

GUIDE, DEPARTMENT = "docs/operating.md", "education"


class Operator:
    """Somebody at the broker's machine, in a folder of their own."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.broker, self.folder = broker, folder
        where = place(is_test=True)
        node = RabbitMQ(where, Notes(where.data / "notes.json"))
        self._checkout = Checkout(folder)
        self._checkout.describe(node.for_commands())

    def types(self, name: str) -> None:
        """The block of that name, as it stands."""
        self._checkout.types(GUIDE, name)
        assert self._checkout.exposed() == []

    def rights_of(self, user: str) -> Any:
        """What a user may, as the broker has it."""
        found = json.loads(self.broker.ask("GET", f"/permissions/{VHOST}/{user}"))
        topics = json.loads(self.broker.ask("GET", f"/topic-permissions/{VHOST}/{user}"))
        return found, sorted(topics, key=lambda one: str(one["exchange"]))


def wanted(user: str) -> Any:
    """What the code says a user may."""
    found = rights([user])
    return found["permissions"][0], sorted(found["topic_permissions"], key=lambda one: str(one["exchange"]))


@pytest.fixture
def operator(broker: Broker, tmp_path: Path) -> Iterator[Operator]:
    """At a broker whose users have the rights of before."""
    users = [*services(), GATEWAY]
    for user in users:
        broker.ask("PUT", f"/users/{user}", b'{"password": "none", "tags": ""}')
        broker.ask("POST", "/definitions", json.dumps(former_rights(user, user, VHOST)).encode())
    yield Operator(broker, tmp_path)
    for user in users:
        broker.ask("DELETE", f"/users/{user}")


def test_the_rights_of_the_processes_are_narrowed_and_stay_so(operator: Operator) -> None:
    users = [*services(), GATEWAY]
    operator.types("narrowed")
    until(lambda: all(operator.rights_of(user) == wanted(user) for user in users), seconds=30)
    before = json.loads((operator.folder / ".state" / "definitions-before.json").read_text())
    formerly = [former_rights(user, user, VHOST)["permissions"][0] for user in users]
    assert all(one in before["permissions"] for one in formerly)
    operator.types("rights")
    assert all(operator.rights_of(user) == wanted(user) for user in users)


def test_a_department_gets_its_user_its_queue_and_the_limits(operator: Operator, broker: Broker) -> None:
    try:
        operator.types("listener")
        until(lambda: _exists(broker, f"/queues/{VHOST}/{DEPARTMENT}.inbox"), seconds=30)
        policies = json.loads(broker.ask("GET", f"/operator-policies/{VHOST}"))
        assert [one["pattern"] for one in policies] == [rf"^{DEPARTMENT}\."]
        permissions, topics = operator.rights_of(DEPARTMENT)
        assert permissions["configure"] == "^$"
        assert len(topics) == 5
    finally:
        broker.ask("DELETE", f"/users/{DEPARTMENT}")
        broker.ask("DELETE", f"/queues/{VHOST}/{DEPARTMENT}.inbox")
        broker.ask("DELETE", f"/operator-policies/{VHOST}/listener-{DEPARTMENT}")


def _exists(broker: Broker, path: str) -> bool:
    try:
        broker.ask("GET", path)
    except OSError:
        return False
    return True
