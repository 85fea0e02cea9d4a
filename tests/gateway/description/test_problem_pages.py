"""Every code a client may be refused with has a page, which says in both languages what it means, why, and what to do."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from gateway.description.advice import ADVICE, ADVICE_OF, MEANINGS
from gateway.description.problem_pages import parts_of, refusals
from gateway.http.problems import STATUS_OF_KIND, TITLES

CHINESE = re.compile(r"[\u4e00-\u9fff]")


class TestPagesOfProblems:
    def test_every_code_says_what_it_means_why_and_what_to_do_in_both_languages(self, pages: FlaskClient) -> None:
        assert len(refusals()) > 100
        for code in refusals():
            page = pages.get(f"/problems/{code}")
            assert page.status_code == 200
            text = page.get_data(as_text=True)
            assert [
                head
                for head in ("含义", "原因", "怎么办", "What it means", "Why it happens", "What to do")
                if head not in text
            ] == []
            for _, words in parts_of(code):
                assert CHINESE.search(words.zh), (code, words)
                assert words.en and not CHINESE.search(words.en), (code, words)
                assert not re.search(r"[{}]", words.zh + words.en), (code, words)

    def test_the_type_of_a_problem_leads_to_its_page(self, pages: FlaskClient) -> None:
        refused = pages.get("/v1/people").json
        address = refused["type"].removeprefix("http://gateway.test")
        assert address == "/problems/token_missing"
        assert "token_missing" in pages.get(address).get_data(as_text=True)

    def test_the_list_has_every_code_and_leads_to_each(self, pages: FlaskClient) -> None:
        listed = re.findall(r'href="/problems/([^"]+)"', pages.get("/problems").get_data(as_text=True))
        assert sorted(listed) == sorted(refusals())

    def test_a_code_that_is_none_of_ours_is_not_found(self, pages: FlaskClient) -> None:
        for code in ("no_such_code", "chassis.import_not_found", "<script>", "talent"):
            answer = pages.get(f"/problems/{code}")
            assert (answer.status_code, answer.json and answer.json["code"]) == (404, "route_not_found"), code

    def test_advice_is_there_for_every_status_and_of_no_code_that_is_gone(self) -> None:
        statuses = {status for one in refusals().values() for status in one["statuses"]} | set(STATUS_OF_KIND.values())
        assert statuses <= ADVICE.keys() == MEANINGS.keys() <= TITLES.keys()
        assert ADVICE_OF.keys() - refusals().keys() == set()
