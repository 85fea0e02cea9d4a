"""Versions where nothing is wrong: what a client holds already is not sent again, and what is there is not made again."""

from __future__ import annotations

import uuid

from tests.support.api import SOME_ID, Api, assert_problem


def test_a_record_the_client_holds_is_not_sent_again(api: Api) -> None:
    made = api.send("POST", "/v1/organisations", {"kind": "university", "name": f"大学 {uuid.uuid4().hex}"})
    path = made.headers["Location"]
    first = api.send("GET", path)
    assert (first.status, first.headers["ETag"]) == (200, made.headers["ETag"])
    for held in (first.headers["ETag"], f"W/{first.headers['ETag']}", f'"v9", {first.headers["ETag"]}', "*"):
        assert api.send("GET", path, If_None_Match=held).status == 304
    assert api.send("GET", path, If_None_Match='"v9"').status == 200
    assert_problem(api.send("GET", path, If_None_Match="v1"), 400, "precondition_malformed")


def test_a_put_creates_only_once_and_never_overwrites_without_a_version(api: Api) -> None:
    path = f"/v1/organisation-sets/set_{uuid.uuid4().hex[:8]}"
    body = {"name": {"zh-CN": "集合", "en": "set"}, "members": []}
    other = {**body, "name": {"zh-CN": "另", "en": "x"}}
    assert_problem(api.send("PUT", path, body, If_Match='"v1"'), 412, "chassis.version_stale")
    assert api.send("PUT", path, body, If_None_Match="*").status == 201
    assert_problem(api.send("PUT", path, other, If_None_Match="*"), 412, "chassis.version_stale")
    assert_problem(api.send("PUT", path, other, If_None_Match='"v1"'), 400, "precondition_malformed")
    assert_problem(api.send("PUT", path, other), 428, "precondition_required")
    assert api.send("GET", path).json["name"] == body["name"]
    assert api.send("PUT", path, other, If_Match='"v1"').status == 200


def test_a_version_the_client_claims_to_hold_does_not_make_an_unknown_person_known(api: Api) -> None:
    path = f"/v1/people/{SOME_ID}/preferences"
    api.act_for(SOME_ID)
    for held in ("*", '"v0"'):
        assert_problem(api.send("GET", path, If_None_Match=held), 404, "talent.person_not_found")
    assert_problem(api.send("GET", path, If_None_Match="v0"), 400, "precondition_malformed")
