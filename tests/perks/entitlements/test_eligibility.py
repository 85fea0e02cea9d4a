"""The language of clauses: what may be published, what a clause sees, and that none can be made to cost much."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.perks.entitlements import rules as eligibility

MEMBER = "affiliations.exists(a, a.current && a.role in ['student', 'staff'] && 'universities' in a.sets)"


def affiliation(**changes: Any) -> dict[str, Any]:
    return {**eligibility.SAMPLES[1]["affiliations"][0], "sets": ["universities"], **changes}


def seen(*affiliations: dict[str, Any]) -> dict[str, Any]:
    return {"today": "2026-11-23", "affiliations": list(affiliations)}


class TestPublishing:
    @pytest.mark.parametrize("expression", [MEMBER, "true", "size(affiliations) > 0", "today >= '2023-01-01'"])
    def test_takes_what_gives_true_or_false(self, expression: str) -> None:
        assert eligibility.flaw_of(expression) is None

    @pytest.mark.parametrize(
        "expression",
        ["", "affiliations.exists(", "1", "'yes'", "nobody.age > 3", "affiliations[0].current", "a.b.c"],
    )
    def test_refuses_what_does_not_on_the_samples(self, expression: str) -> None:
        assert eligibility.flaw_of(expression)

    def test_refuses_a_long_expression(self) -> None:
        assert eligibility.flaw_of("true" + " " * (eligibility.MAX_EXPRESSION - 4)) is None
        assert eligibility.flaw_of("true" + " " * (eligibility.MAX_EXPRESSION - 3)) == "longer than 1000 characters"

    @pytest.mark.parametrize("between", [".", ". ", ".\n", " . ", ".//why\n"])
    def test_refuses_a_third_macro_however_it_is_spaced(self, between: str) -> None:
        two = f"affiliations{between}exists(a, affiliations{between}all(b, true))"
        three = f"affiliations{between}exists(a, affiliations{between}all(b, affiliations{between}existsOne(c, true)))"
        assert eligibility.flaw_of(two) is None
        assert eligibility.flaw_of(three) == "more than 2 macros"

    def test_refuses_a_list_of_more_than_a_hundred_items(self) -> None:
        written = lambda count: f"1 in [{','.join('1' * count)}]"  # noqa: E731
        assert eligibility.flaw_of(written(101)) is None
        assert eligibility.flaw_of(written(102)) == "more than 100 commas"

    @given(st.text(max_size=40))
    def test_refuses_noise_in_words_and_never_breaks(self, noise: str) -> None:
        flaw = eligibility.flaw_of(f"true && affiliations.size() < '{noise}")
        assert flaw is not None and flaw.strip()

    @pytest.mark.parametrize(
        "deep", ["(" * 490 + "true" + ")" * 490, "[" * 490 + "]" * 490, "{1:" * 240 + "1" + "}" * 240]
    )
    def test_refuses_what_is_nested_too_deep_and_lives(self, deep: str) -> None:
        assert eligibility.flaw_of(deep)


class TestDeciding:
    @pytest.mark.parametrize(
        ("changes", "is_met"),
        [({}, True), ({"role": "staff"}, True), ({"role": "volunteer"}, False), ({"current": False}, False),
         ({"sets": []}, False)],
    )  # fmt: skip
    def test_asks_each_affiliation(self, changes: dict[str, Any], is_met: bool) -> None:
        assert eligibility.is_met(MEMBER, seen(affiliation(**changes))) is is_met

    def test_takes_an_error_for_not_met(self) -> None:
        assert eligibility.is_met("affiliations[0].current", seen()) is False

    def test_names_every_clause_with_its_message_and_source(self) -> None:
        shown = {"message": {"zh-CN": "须为师生。", "en": "Must be a member."}, "source": "P35"}
        clauses = [{"id": "yes", "expr": "true", **shown}, {"id": "no", "expr": "false", **shown}]
        assert eligibility.decide(clauses, seen()) == [
            {"clause": "yes", "met": True, **shown},
            {"clause": "no", "met": False, **shown},
        ]

    @given(st.permutations([affiliation(), affiliation(role="volunteer"), affiliation(current=False)]))
    def test_does_not_depend_on_the_order_of_affiliations(self, affiliations: list[dict[str, Any]]) -> None:
        assert eligibility.is_met(MEMBER, seen(*affiliations)) is True

    def test_the_dearest_clause_stays_far_below_a_second(self) -> None:
        """Two macros, one in the other, over the longest lists there are: 100 affiliations, 98 items written."""
        items = ",".join("1" * 98)
        dearest = f"affiliations.all(a, [{items}].all(i, i == 1 && a.role != 'x'))"
        assert eligibility.flaw_of(dearest) is None
        facts = seen(*[affiliation() for _ in range(eligibility.MAX_AFFILIATIONS)])
        started = time.perf_counter()
        assert eligibility.is_met(dearest, facts) is True
        assert time.perf_counter() - started < 1
