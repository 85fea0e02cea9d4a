"""Every list takes the same parameters, by HTTP: order, times, counts; and people are found by a document in a body."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from deploy.local.throwaway import ThrowawayPlatform
from gateway.http.operations import OPERATIONS
from tests.support.api import Api, assert_problem

PARAMETERS = {"limit", "cursor", "order", "created_from", "created_until", "updated_since", "count"}
#: The order of these is their own (ADR 0026).
OTHERWISE = {"list_audit", "list_disclosures", "list_import_rows", "list_figure_records"}


@pytest.fixture(scope="module")
def places(api: Api) -> list[str]:
    """Ids of five organisations of one name, oldest first."""
    name = f"场馆 {uuid.uuid4().hex[:8]}"
    made = [api.client.post("/v1/organisations", {"kind": "venue", "name": f"{name} {n}"}) for n in range(5)]
    return [name, *(one["id"] for one in made)]


def ids(found: Any) -> list[str]:
    return [one["id"] for one in found["items"]]


def test_every_list_takes_the_same_parameters(api: Api) -> None:
    document = api.send("GET", "/openapi.json", token="").json
    lists = {}
    for path in document["paths"].values():
        for operation in path.values():
            names = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
            if "cursor" in names:
                lists[operation["operationId"]] = PARAMETERS - names
    assert {name for name, missing in lists.items() if missing} == OTHERWISE
    assert len(lists) > 12
    assert lists.keys() <= {one.name for one in OPERATIONS}


def test_a_list_is_read_from_either_end_and_goes_on_in_its_order(api: Api, places: list[str]) -> None:
    name, *made = places
    for order, expected in (("asc", made), ("desc", made[::-1])):
        seen: list[str] = []
        page: dict[str, Any] = {}
        while len(seen) < len(made):
            cursor = {"cursor": page["next_cursor"]} if page else {}
            page = api.client.get("/v1/organisations", q=name, order=order, limit=2, **cursor)
            seen += ids(page)
        assert seen == expected
        assert page["next_cursor"] is None


def test_a_cursor_does_not_change_its_order(api: Api, places: list[str]) -> None:
    first = api.client.get("/v1/organisations", q=places[0], limit=2)
    answer = api.send("GET", f"/v1/organisations?limit=2&order=desc&cursor={first['next_cursor']}")
    assert_problem(answer, 400, "cursor_invalid")


def test_a_list_is_of_the_times_it_is_asked_for(api: Api, places: list[str]) -> None:
    name, *made = places
    third = api.client.get(f"/v1/organisations/{made[2]}")["created_at"]
    assert ids(api.client.get("/v1/organisations", q=name, created_from=third)) == made[2:]
    assert ids(api.client.get("/v1/organisations", q=name, created_until=third)) == made[:2]
    now = dt.datetime.now(dt.UTC).isoformat()
    assert ids(api.client.get("/v1/organisations", q=name, updated_since=now)) == []
    changed = {"attributes": {"seats": 10}}
    answer = api.send("PATCH", f"/v1/organisations/{made[1]}", changed, If_Match="*", Content_Type="application/json")
    assert answer.status == 200
    assert ids(api.client.get("/v1/organisations", q=name, updated_since=now)) == [made[1]]


def test_a_count_is_answered_where_it_is_asked_for(api: Api, places: list[str]) -> None:
    name = places[0]
    for wanted in ("exact", "estimate"):
        found = api.client.get("/v1/organisations", q=name, limit=2, count=wanted)
        assert (len(found["items"]), found["count"]) == (2, {"value": 5, "kind": "exact"})
        following = api.client.get("/v1/organisations", q=name, limit=2, cursor=found["next_cursor"])
        assert "count" not in following


class TestPeople:
    def test_are_listed_from_either_end_by_time_and_counted(self, platform: ThrowawayPlatform) -> None:
        mark = uuid.uuid4().hex[:6]
        own = platform.client(f"lists_{mark}", f"lists_{mark}")
        made = [own.post("/v1/people", document(f"{mark}{n}"))["id"] for n in range(4)]
        assert ids(own.get("/v1/people")) == sorted(made)
        newest = own.get("/v1/people", order="desc", limit=3, count="exact")
        assert (ids(newest), newest["count"]["value"]) == (sorted(made)[:0:-1], 4)
        rest = own.get("/v1/people", order="desc", limit=3, cursor=newest["next_cursor"])
        assert ids(rest) == sorted(made)[:1]
        second = own.get(f"/v1/people/{made[1]}")["created_at"]
        assert ids(own.get("/v1/people", created_from=second)) == sorted(made[1:])
        assert ids(own.get("/v1/people", created_until=second, order="desc")) == made[:1]
        assert ids(own.get("/v1/people", updated_since=second)) == sorted(made[1:])

    def test_are_found_by_their_document_by_who_reaches_them(self, api: Api, platform: ThrowawayPlatform) -> None:
        mark = uuid.uuid4().hex[:8].upper()
        names = [f"{who}_{mark.lower()}" for who in ("own", "foreign")]
        own, foreign = (platform.client(name, name) for name in names)
        made = own.post("/v1/people", document(mark))
        wanted = {"id_type": "passport", "id_number": f"E{mark}"}
        found = own.post("/v1/people/search", {**wanted, "count": "exact"})
        assert (ids(found), found["next_cursor"], found["count"]["value"]) == ([made["id"]], None, 1)
        assert "E" + mark not in str(found)
        assert foreign.post("/v1/people/search", wanted)["items"] == []
        assert own.post("/v1/people/search", {**wanted, "id_number": "E00000000"})["items"] == []

    def test_are_not_searched_for_in_an_address(self, api: Api) -> None:
        answer = api.send("GET", "/v1/people?id_number=E12345678")
        assert_problem(answer, 400, "invalid_query")
        assert b"E12345678" not in answer.body


def document(mark: str) -> dict[str, str]:
    return {"name": "测试人员", "id_type": "passport", "id_number": f"E{mark}"}


def test_figures_take_a_day_or_a_whole_range(api: Api) -> None:
    for query in (
        "from=2020-01-01",
        "from=2020-01-01&until=2020-01-01",
        "from=2020-01-01&until=2021-01-01&as_of=2020-01-01",
    ):
        assert_problem(api.send("GET", f"/v1/figures?{query}"), 400, "invalid_query")


def test_sets_are_listed_without_their_members(api: Api, places: list[str], platform: ThrowawayPlatform) -> None:
    key = f"set_{uuid.uuid4().hex[:8]}"
    office = platform.client(f"office_{key}", f"office_{key}")
    for one in places[1:3]:
        office.post(f"/v1/organisations/{one}/confirm", {})
    members = [{"organisation_id": one, "from_on": "2026-01-01"} for one in places[1:3]]
    office.put(f"/v1/organisation-sets/{key}", {"name": {"zh-CN": "场馆", "en": "Venues"}, "members": members})
    listed = {one["key"]: one for one in api.client.get("/v1/organisation-sets")["items"]}
    assert (listed[key]["member_count"], listed[key]["version"], "members" in listed[key]) == (2, 1, False)
