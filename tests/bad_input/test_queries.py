"""Addresses and query strings that are never valid, sent to every operation. Nothing of them is kept."""

from __future__ import annotations

import re

import pytest

from gateway.description.operations import Operation
from gateway.http.operations import OPERATIONS
from tests.bad_input.corpus import NOT_A_QUERY, NOT_A_VALUE, NOT_OF_THE_TYPE, kind_of
from tests.bad_input.routes import GUARDED, LANGUAGES, Document, assert_language, query_of
from tests.support.api import SOME_ID, Api, assert_problem, path_of

#: A segment for each kind of path field that no record can have → what it is answered.
NOT_AN_ID = ("zzz", "1", "%00", "..", "'", f"{SOME_ID}x", f"%7B{SOME_ID}%7D", "%ff", SOME_ID.replace("-", ""), "a%2Fb")
NOT_A_KEY = ("A", "a%20b", "%00", "%07", "%0d%0a", "%ff", "%ed%a0%80", "_", "x" * 81, "%E9%9D%92%E5%B9%B4", "'--")


@pytest.mark.usefixtures("nothing_kept")
@pytest.mark.parametrize("operation", GUARDED, ids=lambda operation: operation.name)
class TestEveryOperation:
    def test_refuses_parameters_it_does_not_know(self, api: Api, operation: Operation) -> None:
        for number, (what, query) in enumerate(NOT_A_QUERY.items()):
            language = LANGUAGES[number % 2]
            body = None if operation.method == "GET" else b"{}"
            sent = {"Accept_Language": language, "If_Match": '"v1"'}
            answer = api.send(operation.method, f"{path_of(operation)}?{query}", body, **sent)
            assert (answer.status, answer.json["code"]) == (400, "invalid_query"), what
            assert_problem(answer, 400, "invalid_query")
            assert_language(language, answer)

    def test_names_the_parameter_it_cannot_read(self, api: Api, operation: Operation, document: Document) -> None:
        for name, parameter in query_of(operation, document).items():
            wrong = [*NOT_A_VALUE.values(), *NOT_OF_THE_TYPE[kind_of(parameter)], f"a&{name}=b"]
            for number, value in enumerate(wrong):
                if name == "cursor" and value in NOT_OF_THE_TYPE["text"]:
                    continue  # test_cursors
                language = LANGUAGES[number % 2]
                answer = api.send("GET", f"{path_of(operation)}?{name}={value}", Accept_Language=language)
                assert (answer.status, answer.json["code"]) == (400, "invalid_query"), (name, value)
                assert f"#/{name}" in [error["pointer"] for error in answer.json["errors"]], (name, value)
                assert_language(language, answer)

    def test_finds_nothing_at_an_address_that_cannot_be(self, api: Api, operation: Operation) -> None:
        body = None if operation.method == "GET" else b"{}"
        for field in re.findall(r"<[^>]+>", operation.path):
            for number, segment in enumerate(NOT_AN_ID if field.startswith("<uuid") else NOT_A_KEY):
                language = LANGUAGES[number % 2]
                path = path_of(
                    Operation(operation.name, operation.method, operation.path.replace(field, segment), None)
                )
                answer = api.send(operation.method, path, body, If_Match='"v1"', Accept_Language=language)
                expected = (404, "route_not_found") if field.startswith("<uuid") else (422, "invalid_request")
                assert (answer.status, answer.json["code"]) == expected, segment
                assert_language(language, answer)


class TestAddresses:
    @pytest.mark.parametrize(
        "path", ["/nothing", "/v1/people/", "/v1//people", "/%00", "/v1/imports/1/rows", "/v1/people/..", "/%ff"]
    )
    def test_that_lead_nowhere_are_problems_too(self, api: Api, path: str) -> None:
        assert_problem(api.send("GET", path), 404, "route_not_found")

    def test_that_do_not_take_a_method_say_which_they_take(self, api: Api) -> None:
        for operation in OPERATIONS:
            answer = api.send("DELETE", path_of(operation))
            assert_problem(answer, 405, "method_not_allowed")
            assert operation.method in answer.headers["Allow"]

    def test_of_records_that_are_not_there_are_not_found(self, api: Api) -> None:
        for operation in OPERATIONS:
            if operation.method == "GET" and "<uuid:" in operation.path:
                for language in LANGUAGES:
                    answer = api.send("GET", path_of(operation), Accept_Language=language)
                    assert answer.status == 404, operation.name
                    assert_language(language, answer)
