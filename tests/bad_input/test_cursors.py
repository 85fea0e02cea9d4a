"""Cursors: every list refuses those it did not give out, and those of another list or question."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from deploy.local.throwaway import ThrowawayPlatform
from gateway.http.cursors import Cursors
from gateway.http.operations import OPERATIONS
from tests.bad_input.corpus import NOT_A_CURSOR
from tests.bad_input.routes import LANGUAGES, Document, assert_language, query_of
from tests.support.api import SOME_ID, Api, assert_problem, path_of


@pytest.fixture(scope="module")
def page(api: Api) -> str:
    """A cursor we gave out: of the organisations of this test."""
    mark = uuid.uuid4().hex
    for number in (1, 2):
        api.send("POST", "/v1/organisations", {"kind": "venue", "name": f"{mark} {number}"})
    return str(api.send("GET", f"/v1/organisations?q={mark}&limit=1").json["next_cursor"])


class TestEveryList:
    @pytest.fixture(scope="class")
    def lists(self, document: Document) -> dict[str, dict[str, Any]]:
        """The lists that come in pages, with their parameters."""
        found = {path_of(one): query_of(one, document) for one in OPERATIONS if one.method == "GET"}
        return {path: parameters for path, parameters in found.items() if "cursor" in parameters}

    def test_refuses_a_cursor_it_did_not_give(
        self, api: Api, lists: dict[str, dict[str, Any]], page: str, site: ThrowawayPlatform
    ) -> None:
        head, payload, signature = page.split(".")
        foreign = Cursors(current=head, secrets={head: b"another city's key, as long as ours"})
        after = {"created_at": "2024-01-01T00:00:00+00:00", "id": SOME_ID}
        cursors = [*NOT_A_CURSOR, page, f"{head}.{payload}.{signature[::-1]}", f"{head}..{signature}", page[:-1]]
        cursors += [foreign.seal(after, operation=name, filters={}) for name in ("list_people", "list_organisations")]
        assert len(lists) >= 10
        for path, parameters in lists.items():
            needed = "".join(f"&{name}={SOME_ID}" for name, one in parameters.items() if one["required"])
            for number, cursor in enumerate(cursors):
                language = LANGUAGES[number % 2]
                answer = api.send("GET", f"{path}?cursor={cursor}{needed}", Accept_Language=language)
                assert_problem(answer, 400, "cursor_invalid")
                assert_language(language, answer)

    def test_takes_a_cursor_of_its_own_for_the_same_question_alone(self, api: Api) -> None:
        mark = uuid.uuid4().hex
        made = {
            api.send("POST", "/v1/organisations", {"kind": "venue", "name": f"{mark} {n}"}).json["id"] for n in range(5)
        }
        found, cursor = [], None
        for _ in range(3):
            path = f"/v1/organisations?q={mark}&limit=2" + (f"&cursor={cursor}" if cursor else "")
            answer = api.send("GET", path)
            found += [item["id"] for item in answer.json["items"]]
            cursor = answer.json["next_cursor"]
            assert ("Link" in answer.headers) == (cursor is not None)
        assert cursor is None
        assert (len(found), set(found)) == (5, made)
        first = api.send("GET", f"/v1/organisations?q={mark}&limit=2").json["next_cursor"]
        for other in ("q=other", f"q={mark}&kind=venue", ""):
            answer = api.send("GET", f"/v1/organisations?{other}&limit=2&cursor={first}")
            assert_problem(answer, 400, "cursor_invalid")
