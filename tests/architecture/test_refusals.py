"""Every no has a code of its own and says why in both languages."""

from __future__ import annotations

import re
import string

from contracts.language.refusals import KINDS
from gateway.http.problems import STATUS_OF_KIND, TITLES
from tests.architecture import source
from tests.architecture.refusals import CATALOGUE, catalogue_text, coded, declared

CODE = re.compile(r"[a-z][a-z_]+(\.[a-z][a-z_]+)?")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


class TestRefusals:
    def test_there_are_many_and_each_has_a_code_of_its_own(self) -> None:
        """A problem of the gateway may bear the code of the refusal it stands for."""
        for in_gateway in (True, False):
            chosen = [one for one in coded().values() if (one.path.parts[0] == "gateway") == in_gateway]
            codes = [str(one.values["code"]) for one in chosen]
            assert len(codes) > 10
            assert sorted(codes) == sorted(set(codes))
            assert [code for code in codes if not CODE.fullmatch(code)] == []

    def test_the_code_says_whose_it_is(self) -> None:
        for key, one in coded().items():
            if one.path.parts[0] == "services":
                assert str(one.values["code"]).startswith(f"{one.path.parts[1]}."), key
            elif one.path.parts[0] == "chassis":
                assert str(one.values["code"]).startswith("chassis."), key

    def test_each_speaks_chinese_and_english_and_fills_in_the_same_things(self) -> None:
        for key, one in coded().items():
            zh, en = str(one.values.get("zh", "")), str(one.values.get("en", ""))
            assert CHINESE.search(zh), f"{key} has no Chinese"
            assert en and not CHINESE.search(en), f"{key} has no English"
            assert _blanks(zh) == _blanks(en), key
            assert "{state}" not in zh, f"{key}: a state has a Chinese name, `state_zh`"

    def test_each_is_of_a_kind_that_has_a_status(self) -> None:
        assert set(KINDS) == set(STATUS_OF_KIND)
        assert set(STATUS_OF_KIND.values()) <= set(TITLES)
        for key, one in coded().items():
            if "kind" in one.values:
                assert one.values["kind"] in KINDS, key

    def test_each_says_what_is_wrong_in_its_docstring_or_its_text(self) -> None:
        assert [key for key, one in declared().items() if not one.values] == []

    def test_the_catalogue_that_the_pages_are_made_of_is_fresh(self) -> None:
        assert source.text(CATALOGUE) == catalogue_text(), "python -m tests.architecture.refusals"


def _blanks(template: str) -> set[str]:
    """What a text leaves open; a part that is itself in two languages ends in its language."""
    return {re.sub("_(zh|en)$", "", name) for _, name, _, _ in string.Formatter().parse(template) if name is not None}
