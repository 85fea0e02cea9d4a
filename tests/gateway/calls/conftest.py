"""What the tests of calls share: a gateway without servers, and a stand-in for its RPC client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g

from chassis.rpc.calls import CallContext
from deploy.local import demo_keys
from gateway.app import create_app
from gateway.auth.clients import Principal
from gateway.settings import GatewaySettings


class Outcomes:
    """In place of the RPC client: each attempt has the next of the given outcomes, which a real broker cannot be made to do."""

    def __init__(self, *outcomes: Exception | dict[str, Any]) -> None:
        self.outcomes = list(outcomes)
        self.keys: list[str | None] = []
        self.sent: list[tuple[str, Mapping[str, Any]]] = []

    def call(
        self, service: str, method: str, fields: Mapping[str, Any], *, context: CallContext, timeout: float
    ) -> Any:
        self.keys.append(context.idempotency_key)
        self.sent.append((f"{service}.{method}", fields))
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    demo_keys.make(tmp_path)
    nowhere = "127.0.0.1:1"
    settings = GatewaySettings(
        f"postgresql://nobody@{nowhere}/none",
        f"amqp://a:b@{nowhere}/",
        nowhere,
        f"http://{nowhere}",
        1,
        tmp_path,
        True,
        1,
    )
    app = create_app(settings)
    with app.test_request_context("/v1/people", method="POST"):
        g.principal = Principal("a_client", "education", frozenset())
        g.request_id, g.traceparent = "r", None
        yield app
