"""A person outside the caller's reach is nobody: talent is asked as the caller, and the rest goes on as for an unknown id."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from flask import Flask, g

from contracts.language.refusals import Refusal
from gateway.calls import reach
from gateway.calls.backend import InternalError
from gateway.calls.reach import NOBODY, ListOf, PersonRequired
from tests.gateway.calls.conftest import Outcomes

WHO, OTHER = "01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002"
ASKED = ("talent.get_person", {"person_id": WHO})


def refusal(kind: str, code: str) -> Refusal:
    return Refusal.from_wire({"kind": kind, "code": code})


def answering(app: Flask, *outcomes: Exception | dict[str, Any]) -> Outcomes:
    client = app.extensions["rpc"] = Outcomes(*outcomes)
    return client


def acting_for(person_id: str) -> None:
    g.principal = dataclasses.replace(g.principal, type="channel", subject=f"person:{person_id}")


UNKNOWN = refusal("not_found", "talent.person_not_found")


class TestPerson:
    def test_is_named_to_the_service_where_talent_shows_them(self, app: Flask) -> None:
        client = answering(app, {"id": WHO})
        assert reach.limited({"person_id": WHO, "more": 1}, "person_id") == {"person_id": WHO, "more": 1}
        assert client.sent == [ASKED]

    def test_is_nobody_where_talent_does_not(self, app: Flask) -> None:
        answering(app, UNKNOWN)
        assert reach.limited({"person_id": WHO, "more": 1}, "person_id") == {"person_id": NOBODY, "more": 1}

    def test_is_not_looked_up_to_act_for_themselves(self, app: Flask) -> None:
        client = answering(app, UNKNOWN)
        acting_for(WHO)
        assert reach.is_reached(WHO.upper()) and client.sent == []
        assert not reach.is_reached(OTHER)

    def test_is_neither_there_nor_not_while_talent_does_not_answer(self, app: Flask) -> None:
        answering(app, refusal("unavailable", "chassis.service_unavailable"))
        with pytest.raises(Refusal) as raised:
            reach.is_reached(WHO)
        assert raised.value.code == "chassis.service_unavailable"


class TestRecord:
    def test_of_somebody_outside_reach_is_answered_as_an_unknown_one(self, app: Flask) -> None:
        client = answering(app, refusal("not_found", "perks.entitlement_not_found"))
        with pytest.raises(Refusal) as raised:
            reach.refuse("perks.get_entitlement", ["entitlement_id"])
        assert raised.value.code == "perks.entitlement_not_found"
        assert client.sent == [("perks.get_entitlement", {"entitlement_id": NOBODY})]


class TestList:
    def test_needs_to_know_whose_it_is(self, app: Flask) -> None:
        about = ListOf(or_by=("activity_id",))
        with pytest.raises(PersonRequired) as raised:
            reach.narrowed(about, {"state": "confirmed"}, {})
        assert [error["pointer"] for error in raised.value.errors] == ["#/person_id", "#/activity_id"]
        assert reach.narrowed(about, {}, {"activity_id": "a"}) == {}
        assert reach.narrowed(ListOf(is_optional=True), {}, {}) == {}

    def test_is_of_everybody_for_who_reaches_all(self, app: Flask) -> None:
        g.principal = dataclasses.replace(g.principal, scopes=frozenset({"people:all"}))
        assert reach.narrowed(ListOf(), {"state": "active"}, {}) == {"state": "active"}

    def test_is_ones_own_for_who_acts_for_themselves(self, app: Flask) -> None:
        acting_for(WHO)
        assert reach.narrowed(ListOf(), {}, {}) == {"person_id": WHO}

    def test_is_refused_as_talent_refuses_the_person_though_the_service_has_answered(self, app: Flask) -> None:
        client = answering(app, UNKNOWN, {"items": ["something"]})
        with pytest.raises(Refusal) as raised:
            reach.query("perks.list_entitlements", {"person_id": WHO}, "person_id")
        assert raised.value.code == "talent.person_not_found"
        assert client.sent == [ASKED, ("perks.list_entitlements", {"person_id": WHO})]

    def test_is_not_shown_where_talent_fails_in_an_unforeseen_way(self, app: Flask) -> None:
        answering(app, KeyError("unforeseen"), {"items": ["something"]})
        with pytest.raises(InternalError):
            reach.query("perks.list_entitlements", {"person_id": WHO}, "person_id")

    def test_is_the_services_where_talent_shows_the_person(self, app: Flask) -> None:
        answering(app, {"id": WHO}, {"items": []})
        assert reach.query("perks.list_entitlements", {"person_id": WHO}, "person_id") == {"items": []}

    def test_without_a_person_asks_the_service_alone(self, app: Flask) -> None:
        assert len(answering(app, {"items": []}).outcomes) == 1
        assert reach.query("perks.list_redemptions", {"place_id": "p"}, "person_id") == {"items": []}
