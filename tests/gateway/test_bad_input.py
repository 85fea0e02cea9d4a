"""Whatever a client sends gets a clear answer: a problem with a code, the field, and never a 5xx."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

import gateway.app  # noqa: F401  fills the table of operations
from gateway.operations import OPERATIONS, Operation
from tests.gateway.conftest import Api
from tests.gateway.test_security import assert_problem, path_of

WITH_JSON = [
    operation
    for operation in OPERATIONS
    if operation.method in ("POST", "PUT", "PATCH") and operation.name not in ("issue_token", "start_import")
]
LISTS = [operation for operation in OPERATIONS if operation.name.startswith("list_") and "<" not in operation.path]
#: Lists that come whole: they are short.
NEEDED = {"list_messages": "&person_id=01890000-0000-7000-8000-000000000000"}
WHOLE = ("list_figures", "list_templates", "list_activity_kinds")
NOT_JSON: list[tuple[bytes, str]] = [
    (b"{bad", "malformed_json"),
    (b"[]", "malformed_json"),
    (b"null", "malformed_json"),
    (b'"text"', "malformed_json"),
    (b'{"a":1,"a":2}', "malformed_json"),
    (b'{"a":NaN}', "malformed_json"),
    (b'{"a":1e999}', "malformed_json"),
    (b'{"a":12345678901234567890}', "malformed_json"),
    (b'{"a":"\\ud800"}', "malformed_json"),
    (b'{"a":"\\u0000"}', "malformed_json"),
    (b'{"a":"\xff"}', "malformed_json"),
    (b"[" * 100_000, "malformed_json"),
    (b'{"a":' * 50 + b"1" + b"}" * 50, "malformed_json"),
]


@pytest.mark.parametrize("operation", WITH_JSON, ids=lambda operation: operation.name)
class TestEveryBody:
    def test_must_be_one_json_object_with_one_meaning(self, api: Api, operation: Operation) -> None:
        for body, code in NOT_JSON:
            assert_problem(api.send(operation.method, path_of(operation), body, If_Match='"v1"'), 400, code)

    def test_must_be_json_by_its_type_and_within_the_limit(self, api: Api, operation: Operation) -> None:
        sent = api.send(operation.method, path_of(operation), b"{}", Content_Type="text/plain", If_Match='"v1"')
        assert_problem(sent, 415, "unsupported_media_type")
        large = api.send(operation.method, path_of(operation), b"a" * 1_100_000, If_Match='"v1"')
        assert_problem(large, 413, "content_too_large")

    def test_names_an_unknown_field_in_both_languages(self, api: Api, operation: Operation) -> None:
        details = []
        for language in ("zh-CN", "en"):
            body = {"no_such_field": 1}
            answer = api.send(operation.method, path_of(operation), body, If_Match='"v1"', Accept_Language=language)
            assert_problem(answer, 422, "invalid_request")
            assert answer.headers["Content-Language"] == language
            (error,) = [one for one in answer.json["errors"] if one["pointer"] == "#/no_such_field"]
            details.append((error["code"], error["detail"]))
        assert details == [("unknown_field", "未知字段。"), ("unknown_field", "Unknown field.")]


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.name)
class TestEveryList:
    def test_refuses_parameters_it_does_not_know_or_cannot_read(self, api: Api, operation: Operation) -> None:
        for query in ("nope=1", "limit=1&limit=2", "limit=0", "limit=201", "limit=x", "limit=1.5", "%ff=1", "q=%00"):
            if operation.name not in WHOLE or "limit" not in query:
                assert_problem(api.send("GET", f"{operation.path}?{query}"), 400, "invalid_query")

    def test_refuses_a_cursor_that_is_not_its_own(self, api: Api, operation: Operation) -> None:
        if operation.name not in WHOLE:
            for cursor in ("x", "a.b.c", "demo1.W10.AAAA", "%00" if False else "demo1..", "é"):
                answer = api.send(
                    "GET",
                    f"{operation.path}?cursor={cursor.encode().hex() if not cursor.isascii() else cursor}"
                    f"{NEEDED.get(operation.name, '')}",
                )
                assert_problem(answer, 400, "cursor_invalid")


class TestPaths:
    @pytest.mark.parametrize(
        "path", ["/nothing", "/v1/people/zzz", "/v1/people/", "/v1//people", "/%00", "/v1/imports/1/rows"]
    )
    def test_that_lead_nowhere_are_problems_too(self, api: Api, path: str) -> None:
        assert_problem(api.send("GET", path), 404, "route_not_found")

    def test_that_do_not_take_a_method_say_which_they_take(self, api: Api) -> None:
        answer = api.send("DELETE", "/v1/people")
        assert_problem(answer, 405, "method_not_allowed")
        assert "POST" in answer.headers["Allow"]

    def test_of_records_that_are_not_there_are_not_found(self, api: Api) -> None:
        for operation in OPERATIONS:
            if operation.method == "GET" and "<uuid:" in operation.path:
                assert api.send("GET", path_of(operation)).status == 404, operation.name


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


class TestLists:
    def test_page_by_signed_cursors_to_the_end(self, api: Api) -> None:
        mark = uuid.uuid4().hex
        made = {
            api.send("POST", "/v1/organisations", {"kind": "venue", "name": f"{mark} {n}"}).json["id"] for n in range(5)
        }
        found, cursor = [], None
        for _ in range(3):
            path = f"/v1/organisations?q={mark}&limit=2" + (f"&cursor={cursor}" if cursor else "")
            page = api.send("GET", path)
            found += [item["id"] for item in page.json["items"]]
            cursor = page.json["next_cursor"]
            assert ("Link" in page.headers) == (cursor is not None)
        assert cursor is None
        assert (len(found), set(found)) == (5, made)
        first = api.send("GET", f"/v1/organisations?q={mark}&limit=2").json["next_cursor"]
        assert_problem(api.send("GET", f"/v1/organisations?q=other&limit=2&cursor={first}"), 400, "cursor_invalid")


class TestUploads:
    def test_need_a_file_a_kind_and_a_known_mode(self, api: Api) -> None:
        form = "multipart/form-data; boundary=b"
        file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nx\r\n'
        kind = b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nroster\r\n'
        mode = b'--b\r\nContent-Disposition: form-data; name="mode"\r\n\r\nmaybe\r\n'
        for parts, code in ((kind, "file_missing"), (file, "invalid_request"), (file + kind + mode, "invalid_request")):
            answer = api.send("POST", "/v1/imports", parts + b"--b--\r\n", Content_Type=form)
            assert_problem(answer, 422, code)
        assert api.send("POST", "/v1/imports", b"{}").status == 422

    def test_are_bounded(self, api: Api) -> None:
        head = b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nroster\r\n--b\r\n'
        head += b'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        body = head + b"a" * (20 * 2**20 + 10) + b"\r\n--b--\r\n"
        answer = api.send("POST", "/v1/imports", body, Content_Type="multipart/form-data; boundary=b")
        assert_problem(answer, 413, "file_too_large")


def test_a_place_so_new_that_perks_has_not_heard_is_told_apart(api: Api) -> None:
    body = {"pass": "not-a-pass", "place_id": str(uuid.uuid4()), "nonce": "n"}
    assert_problem(api.send("POST", "/v1/redemptions", json.dumps(body)), 422, "perks.pass_unreadable")
