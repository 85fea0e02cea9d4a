"""Idempotency keys and versions: what is sent again, changed from an old version, or from none."""

from __future__ import annotations

import json
import uuid
from typing import Any

from tests.gateway.conftest import Api, assert_problem


def _organisation(api: Api) -> dict[str, Any]:
    body = {"kind": "university", "name": f"大学 {uuid.uuid4().hex}"}
    answer = api.send("POST", "/v1/organisations", body)
    assert answer.status == 201
    return dict(answer.json)


class TestIdempotencyKeys:
    def test_give_the_same_answer_to_the_same_request(self, api: Api) -> None:
        key, body = uuid.uuid4().hex, {"kind": "venue", "name": f"场馆 {uuid.uuid4().hex}"}
        first = api.send("POST", "/v1/organisations", body, Idempotency_Key=key)
        again = api.send("POST", "/v1/organisations", body, Idempotency_Key=f'"{key}"')
        assert (first.status, again.status) == (201, 201)
        assert first.json == again.json
        assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")

    def test_are_refused_for_another_request_and_when_malformed(self, api: Api) -> None:
        key = uuid.uuid4().hex
        api.send("POST", "/v1/organisations", {"kind": "venue", "name": f"甲 {key}"}, Idempotency_Key=key)
        answer = api.send("POST", "/v1/organisations", {"kind": "venue", "name": "乙"}, Idempotency_Key=key)
        assert_problem(answer, 422, "chassis.idempotency_key_reused")
        answer = api.send("POST", "/v1/organisations", {"kind": "venue", "name": "丙"}, Idempotency_Key="a b, c")
        assert_problem(answer, 400, "idempotency_key_malformed")


class TestConditions:
    def test_a_change_must_name_the_version_it_was_made_from(self, api: Api) -> None:
        path = f"/v1/organisations/{_organisation(api)['id']}"
        assert_problem(api.send("PATCH", path, {"name": "改"}), 428, "precondition_required")
        assert_problem(api.send("PATCH", path, {"name": "改"}, If_Match="v1"), 400, "precondition_malformed")
        changed = api.send("PATCH", path, {"name": "改名大学"}, If_Match='"v1"')
        assert (changed.status, changed.headers["ETag"], changed.json["name"]) == (200, '"v2"', "改名大学")
        stale = api.send("PATCH", path, {"name": "再改"}, If_Match='"v1"')
        assert_problem(stale, 412, "chassis.version_stale")
        assert stale.headers["ETag"] == '"v2"'

    def test_a_record_the_client_holds_is_not_sent_again(self, api: Api) -> None:
        path = f"/v1/organisations/{_organisation(api)['id']}"
        first = api.send("GET", path)
        assert api.send("GET", path, If_None_Match=first.headers["ETag"]).status == 304
        assert api.send("GET", path, If_None_Match='"v9"').status == 200

    def test_a_put_without_condition_creates_and_never_overwrites(self, api: Api) -> None:
        path = f"/v1/organisation-sets/set_{uuid.uuid4().hex[:8]}"
        body = {"name": {"zh-CN": "集合", "en": "set"}, "members": []}
        assert api.send("PUT", path, body).status == 201
        assert_problem(api.send("PUT", path, body), 428, "precondition_required")
        assert_problem(api.send("PUT", path, body, If_Match='"v7"'), 412, "chassis.version_stale")

    def test_a_put_creates_only_once(self, api: Api) -> None:
        path = f"/v1/organisation-sets/set_{uuid.uuid4().hex[:8]}"
        body = {"name": {"zh-CN": "集合", "en": "set"}, "members": []}
        assert api.send("PUT", path, body, If_None_Match="*").status == 201
        assert_problem(
            api.send("PUT", path, {**body, "name": {"zh-CN": "另", "en": "x"}}, If_None_Match="*"),
            412,
            "chassis.version_stale",
        )
        assert api.send("PUT", path, {**body, "name": {"zh-CN": "另", "en": "x"}}, If_Match='"v1"').status == 200


def test_a_place_so_new_that_perks_has_not_heard_is_told_apart(api: Api) -> None:
    body = {"pass": "not-a-pass", "place_id": str(uuid.uuid4()), "nonce": "n"}
    assert_problem(api.send("POST", "/v1/redemptions", json.dumps(body)), 422, "perks.pass_unreadable")
