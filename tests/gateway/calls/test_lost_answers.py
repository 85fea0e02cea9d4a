"""What the gateway answers when an answer is lost: never "not started" for a request that may have taken effect."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from chassis.rpc.client import RpcTimeout, ServiceOverloaded, ServiceUnavailable
from contracts.language.refusals import Refusal
from gateway.calls import backend
from tests.gateway.calls.conftest import Outcomes


def _send(app: Flask, *outcomes: Exception | dict[str, Any]) -> tuple[Any, Outcomes]:
    client = app.extensions["rpc"] = Outcomes(*outcomes)
    return backend.command("talent.register_person", {}), client


def test_a_request_whose_answer_is_lost_is_sent_once_more_under_the_same_key(app: Flask) -> None:
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


def test_a_read_without_an_answer_says_nothing_of_outcomes_and_keys(app: Flask) -> None:
    client = app.extensions["rpc"] = Outcomes(RpcTimeout(), RpcTimeout())
    with pytest.raises(backend.NoAnswer) as raised:
        backend.query("talent.get_person", {})
    assert client.keys == [None, None]
    assert raised.value.headers == {"Retry-After": "1"}
    assert "Idempotency-Key" not in raised.value.zh + raised.value.en


def test_a_read_whose_second_attempt_is_not_served_is_not_done(app: Flask) -> None:
    app.extensions["rpc"] = Outcomes(RpcTimeout(), ServiceUnavailable(service="talent", retry_after=2))
    with pytest.raises(ServiceUnavailable):
        backend.query("talent.get_person", {})


def test_a_service_that_was_never_reached_is_unavailable_and_not_called_again(app: Flask) -> None:
    with pytest.raises(ServiceUnavailable):
        _send(app, ServiceUnavailable(service="talent", retry_after=2))
    assert len(app.extensions["rpc"].keys) == 1


def test_no_token_while_the_database_is_away_but_an_answer_with_retry_after(app: Flask) -> None:
    form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
    answer = app.test_client().post("/oauth/token", data=form)
    assert (answer.status_code, (answer.json or {})["code"]) == (503, "database_unavailable")
    assert answer.headers["Retry-After"]
