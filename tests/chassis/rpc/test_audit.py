"""No answer that shows a person leaves before its row of the audit is committed, whatever becomes of the process."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from chassis.rpc.client import RpcTimeout
from contracts.language.refusals import Refusal
from tests.support.ledgers import Ledger

SOMEBODY = str(uuid.uuid4())


def rows(ledger: Ledger) -> list[tuple[Any, ...]]:
    written = "select client_id, department, operation, person_ids::text[], request_id from audit order by id"
    return [tuple(row) for row in ledger.rows(written)]


def row_of(operation: str, *people: str) -> tuple[Any, ...]:
    return ("tester", "test_department", operation, list(people), "request-1")


class TestAnAnswerThatShowsPeople:
    def test_leaves_one_row_and_a_page_one_for_all_its_people(self, serving: Ledger) -> None:
        serving.call("show_person", {"person_id": SOMEBODY})
        serving.call("show_people", {})
        page = [str(uuid.UUID(int=number)) for number in (1, 2)]
        assert rows(serving) == [row_of("show_person", SOMEBODY), row_of("show_people", *page)]

    def test_leaves_one_more_when_it_is_replayed(self, serving: Ledger) -> None:
        answers = [serving.call("keep_person", {"person_id": SOMEBODY}, key="once") for _ in range(2)]
        assert [answer.replayed for answer in answers] == [False, True]
        assert rows(serving) == [row_of("keep_person", SOMEBODY)] * 2

    def test_is_the_only_one_that_does(self, serving: Ledger) -> None:
        serving.call("echo", {"text": "of nobody"})
        with pytest.raises(Refusal):
            serving.call("keep_person", {"person_id": "no id"}, key="wrong")
        with pytest.raises(Refusal) as refused:
            serving.call("list_audit", {"limit": 1})
        assert refused.value.to_wire()["code"] == "chassis.not_an_auditor"
        assert rows(serving) == []


class TestKilledAtWork:
    @pytest.mark.parametrize(("dies", "left"), [("before_commit", 0), ("after_commit", 1)])
    def test_leaves_a_row_without_an_answer_and_never_an_answer_without_a_row(
        self, ledger: Ledger, dies: str, left: int
    ) -> None:
        ledger.start(lanes="rpc")
        ledger.call("echo", {"text": "warm"})
        with pytest.raises(RpcTimeout):
            ledger.call("show_person", {"person_id": SOMEBODY, "dies": dies}, timeout=1.5)
        assert ledger.processes[0].wait(5) == -9
        assert len(rows(ledger)) == left
