"""What the gateway says when an answer is lost: never "not started" of what may have been done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g

from chassis.rpc.calls import CallContext
from chassis.rpc.client import RpcTimeout, ServiceOverloaded, ServiceUnavailable
from contracts.language.refusals import Refusal
from deploy.local import demo_keys
from gateway.app import create_app
from gateway.auth.clients import Principal
from gateway.calls import backend
from gateway.settings import GatewaySettings


class Outcomes:
    """Stands where the RPC client stands and tells what befell each attempt, which a real broker does not do to order."""

    def __init__(self, *outcomes: Exception | dict[str, Any]) -> None:
        self.outcomes = list(outcomes)
        self.keys: list[str | None] = []

    def call(
        self, service: str, method: str, fields: Mapping[str, Any], *, context: CallContext, timeout: float
    ) -> Any:
        self.keys.append(context.idempotency_key)
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


def _send(app: Flask, *outcomes: Exception | dict[str, Any]) -> tuple[Any, Outcomes]:
    client = app.extensions["rpc"] = Outcomes(*outcomes)
    return backend.command("talent.register_person", {}), client


def test_a_lost_answer_is_asked_for_once_more_under_the_same_key(app: Flask) -> None:
    answer, client = _send(app, RpcTimeout(), {"id": "1"})
    assert answer == {"id": "1"}
    assert len(client.keys) == 2
    assert client.keys[0] == client.keys[1] is not None


@pytest.mark.parametrize(
    "second",
    [
        ServiceUnavailable(service="talent", retry_after=2),
        ServiceOverloaded(service="talent", retry_after=2),
        Refusal.from_wire({"kind": "unavailable", "code": "chassis.database_unavailable"}),
        Refusal.from_wire({"kind": "unavailable", "code": "chassis.deadline_exceeded"}),
        Refusal.from_wire({"kind": "conflict", "code": "chassis.request_in_progress"}),
    ],
    ids=lambda refusal: refusal.code,
)
def test_a_second_attempt_that_is_not_served_leaves_the_outcome_unknown(app: Flask, second: Refusal) -> None:
    with pytest.raises(backend.OutcomeUnknown) as raised:
        _send(app, RpcTimeout(), second)
    assert raised.value.headers["Idempotency-Key"] == app.extensions["rpc"].keys[0]


def test_a_service_that_was_never_reached_is_unavailable_and_not_asked_again(app: Flask) -> None:
    with pytest.raises(ServiceUnavailable):
        _send(app, ServiceUnavailable(service="talent", retry_after=2))
    assert len(app.extensions["rpc"].keys) == 1


def test_no_token_while_the_database_is_away_but_an_answer_that_says_to_retry(app: Flask) -> None:
    form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
    answer = app.test_client().post("/oauth/token", data=form)
    assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
    assert answer.headers["Retry-After"]
