"""Whatever is sent as a body, to every operation that takes one: a problem with a code, the field, in both languages, and
nothing of it kept. What is wrong with them stands in ``corpus``.
"""

from __future__ import annotations

from typing import Any

import pytest

from gateway.description.operations import Operation
from tests.bad_input.corpus import MIB, NOT_JSON, wrong_bodies
from tests.bad_input.routes import FORMS, LANGUAGES, WITH_BODY, WITH_JSON, Document, assert_language, shape_of
from tests.support.api import Answer, Api, assert_problem, path_of

pytestmark = pytest.mark.usefixtures("nothing_kept")


def send(api: Api, operation: Operation, body: Any, language: str = "zh-CN", **headers: str) -> Answer:
    sent = {"If_Match": '"v1"', "Accept_Language": language, **headers}
    return api.send(operation.method, path_of(operation), body, **sent)


@pytest.mark.parametrize("operation", WITH_JSON, ids=lambda operation: operation.name)
class TestEveryBody:
    def test_must_be_one_json_object_with_one_meaning(self, api: Api, operation: Operation) -> None:
        for number, (what, body) in enumerate(NOT_JSON.items()):
            language = LANGUAGES[number % 2]
            answer = send(api, operation, body, language)
            assert (answer.status, answer.json["code"]) == (400, "malformed_json"), what
            assert_problem(answer, 400, "malformed_json")
            assert_language(language, answer)

    def test_must_be_json_by_its_type(self, api: Api, operation: Operation) -> None:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "nonsense", "application/json-patch+json"):
            answer = send(api, operation, b"{}", Content_Type=kind)
            assert_problem(answer, 415, "unsupported_media_type")
            assert "application/json" in answer.json["detail"]

    def test_says_of_every_field_what_is_wrong_with_it(
        self, api: Api, operation: Operation, document: Document
    ) -> None:
        checked = 0
        for body, pointer in wrong_bodies(shape_of(operation, document), document):
            language = LANGUAGES[checked % 2]
            answer = send(api, operation, body, language)
            assert (answer.status, answer.json["code"]) == (422, "invalid_request"), (body, answer.body)
            there = [error for error in answer.json["errors"] if error["pointer"] == f"#{pointer}"]
            assert there, (body, pointer, answer.json["errors"])
            assert_language(language, answer)
            checked += 1
        assert checked


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
class TestEveryLargeBody:
    def test_is_refused_at_20_mebibytes(self, api: Api, operation: Operation) -> None:
        """An upload may have as many in its file alone."""
        kind = FORMS.get(operation.name, "application/json")
        size = 21 * MIB if operation.name == "start_import" else 20 * MIB
        for language in LANGUAGES:
            answer = send(api, operation, b"a" * size, language, Content_Type=f"{kind}; boundary=b")
            assert_problem(answer, 413, "content_too_large")
            assert_language(language, answer)


class TestUploads:
    FORM = "multipart/form-data; boundary=b"

    def test_need_a_file_a_kind_and_a_known_mode(self, api: Api) -> None:
        file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nx\r\n'
        kind = b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nroster\r\n'
        mode = b'--b\r\nContent-Disposition: form-data; name="mode"\r\n\r\nmaybe\r\n'
        no_organisation = b'--b\r\nContent-Disposition: form-data; name="organisation_id"\r\n\r\nx\r\n'
        unknown = b'--b\r\nContent-Disposition: form-data; name="no_such_field"\r\n\r\nx\r\n'
        for parts, code, pointer in (
            (kind, "file_missing", None),
            (file, "invalid_request", "#/kind"),
            (file + kind + mode, "invalid_request", "#/mode"),
            (file + kind + no_organisation, "invalid_request", "#/organisation_id"),
            (file + kind + unknown, "invalid_request", "#/no_such_field"),
        ):
            for language in LANGUAGES:
                sent = {"Content_Type": self.FORM, "Accept_Language": language}
                answer = api.send("POST", "/v1/imports", parts + b"--b--\r\n", **sent)
                assert_problem(answer, 422, code)
                assert_language(language, answer)
                assert [error["pointer"] for error in answer.json.get("errors", ())] == ([pointer] if pointer else [])

    def test_must_be_forms(self, api: Api) -> None:
        for body, kind in ((b"{}", "application/json"), (b"--b", self.FORM), (b"", self.FORM), (b"x" * 999, self.FORM)):
            answer = api.send("POST", "/v1/imports", body, Content_Type=kind)
            assert_problem(answer, 422, "invalid_request")

    def test_have_files_of_a_bounded_size(self, api: Api) -> None:
        head = b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nroster\r\n--b\r\n'
        head += b'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        body = head + b"a" * (20 * MIB + 10) + b"\r\n--b--\r\n"
        assert_problem(api.send("POST", "/v1/imports", body, Content_Type=self.FORM), 413, "file_too_large")
