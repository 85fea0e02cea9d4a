"""Clients of version 0.1 get the scopes of today by the commands of docs/operating.md, typed as they stand there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from chassis.ground import clock
from chassis.store.database import make_engine
from gateway.auth import clients
from gateway.auth.scopes import REPLACED
from tests.support.checkouts import Checkout
from tests.support.servers import Make, databases, with_rights

GUIDE = "docs/operating.md"
OLD = sorted(REPLACED)


class Operator:
    """Somebody with the gateway's database, whose clients all have the scopes of version 0.1."""

    def __init__(self, owner: str, folder: Path) -> None:
        running = with_rights(owner)
        self.engine = make_engine(running, pool_size=1, name="test")
        self.checkout = Checkout(folder)
        addresses = {"GATEWAY_DATABASE_URL": running, "GATEWAY_MIGRATION_DATABASE_URL": owner, "YOUTHCITY_ENV": "dev"}
        self.checkout.describe({**addresses, "AMQP_URI": "amqp://127.0.0.1:1/"})  # no command here logs in to a broker
        names = {"school": "education", "office": "youth_league", "gate": "culture"}
        made = {name: self._add(name, department) for name, department in names.items()}
        self.ids = {name: client_id for name, (client_id, _) in made.items()}
        self.secrets = {name: secret for name, (_, secret) in made.items()}
        self.filled_in = {"GATE_CLIENT_ID": self.ids["gate"], "PLACE_ID": str(uuid.uuid4())}

    def _add(self, name: str, department: str) -> tuple[str, str]:
        old = ["perks:redeem"] if name == "gate" else OLD
        found = clients.register(self.engine, clients.Registration(name, department, []), now=clock.now())
        with self.engine.begin() as connection:
            connection.execute(
                text("""update clients set scopes = :old where id = :id"""), {"old": old, "id": found[0]}
            )
        return found

    def type(self, name: str) -> str:
        """Run the guide's block of that name; what it prints."""
        return self.checkout.types(GUIDE, name, **self.filled_in)

    def stored(self, name: str) -> set[str]:
        """What a gateway of version 0.1 finds."""
        return next(set(one.scopes) for one in clients.all_clients(self.engine) if one.id == self.ids[name])

    def used(self, name: str) -> frozenset[str]:
        """What a gateway of today gives a token for."""
        principal = clients.authenticate(self.engine, self.ids[name], self.secrets[name])
        assert principal is not None
        return principal.scopes


@pytest.fixture
def operator(database_server: str, migrated_template: Make, tmp_path: Path) -> Iterator[Operator]:
    with databases(database_server) as made:
        operator = Operator(made.make("gateway", template=migrated_template("gateway")), tmp_path)
        yield operator
        operator.engine.dispose()


def test_clients_of_version_0_1_go_over_to_the_scopes_of_today(operator: Operator) -> None:
    shown = operator.type("scopes-shown")
    assert (operator.stored("school"), operator.used("school")) == (set(OLD), frozenset())
    assert {line.split()[0] for line in shown.splitlines() if "+" in line} == set(operator.ids.values())

    operator.type("scopes-added")  # gateways of both versions run from here on
    for name in ("school", "office"):
        assert set(OLD) <= operator.stored(name)
        assert operator.used(name) == operator.stored(name) - set(OLD)
    governed = {"registry:govern", "schemes:govern", "kinds:govern", "templates:govern"}
    assert operator.used("office") - operator.used("school") == governed

    before = {name: operator.used(name) for name in operator.ids}
    operator.type("scopes-dropped")
    assert {name: operator.used(name) for name in operator.ids} == before
    assert [name for name in operator.ids if operator.stored(name) & set(OLD)] == []

    operator.type("scopes-separated")
    types = {one.id: (one.type, one.scopes) for one in clients.all_clients(operator.engine)}
    assert types[operator.ids["gate"]] == ("device", ["redemptions:scan"])
    assert sorted(kind for kind, _ in types.values()) == ["channel", "device", "operator", "system", "system"]
    assert json.dumps(types).count("people:all") == 0
