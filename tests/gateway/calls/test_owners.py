"""An id that a service has not received: unknown everywhere, or only not there yet."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from contracts.language.refusals import Refusal
from gateway.calls import owners
from gateway.calls.owners import NotYetKnown, Owner
from tests.gateway.calls.conftest import Outcomes

OWNERS = (Owner("perks.place_not_known", "talent.get_organisation", "organisation_id", "place_id"),)
QUERY = ("talent.get_organisation", {"organisation_id": "an id"})


def refusal(kind: str, code: str, **params: str) -> Refusal:
    return Refusal.from_wire({"kind": kind, "code": code, "params": params})


NOT_KNOWN = refusal("not_found", "perks.place_not_known")


def redeem(app: Flask, *outcomes: Exception | dict[str, Any]) -> Outcomes:
    client = app.extensions["rpc"] = Outcomes(*outcomes)
    owners.command("perks.redeem_pass", {"place_id": "an id"}, OWNERS)
    return client


def test_an_id_its_owner_knows_is_not_yet_known_and_worth_a_retry(app: Flask) -> None:
    with pytest.raises(NotYetKnown) as raised:
        redeem(app, NOT_KNOWN, {"id": "an id"})
    assert raised.value.headers == {"Retry-After": "1"}
    assert app.extensions["rpc"].sent[1] == QUERY


def test_an_id_in_the_refusal_is_queried_in_place_of_the_request_field(app: Flask) -> None:
    with pytest.raises(NotYetKnown):
        redeem(app, refusal("not_found", "perks.place_not_known", place_id="another id"), {"id": "another id"})
    assert app.extensions["rpc"].sent[1] == ("talent.get_organisation", {"organisation_id": "another id"})


def test_an_id_its_owner_does_not_know_is_refused_as_the_service_refused_it(app: Flask) -> None:
    with pytest.raises(Refusal) as raised:
        redeem(app, NOT_KNOWN, refusal("not_found", "talent.organisation_not_found"))
    assert raised.value.code == "perks.place_not_known"


def test_an_owner_that_does_not_answer_leaves_it_open_whether_the_id_is_known(app: Flask) -> None:
    with pytest.raises(Refusal) as raised:
        redeem(app, NOT_KNOWN, refusal("unavailable", "chassis.service_unavailable"))
    assert raised.value.code == "chassis.service_unavailable"


def test_another_refusal_queries_no_owner(app: Flask) -> None:
    with pytest.raises(Refusal) as raised:
        redeem(app, refusal("gone", "perks.pass_expired"))
    assert raised.value.code == "perks.pass_expired"
    assert len(app.extensions["rpc"].sent) == 1


def test_an_accepted_request_queries_no_owner(app: Flask) -> None:
    assert len(redeem(app, {"id": "a redemption"}).sent) == 1
