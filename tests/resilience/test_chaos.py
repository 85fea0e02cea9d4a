"""A short chaos run (see ``tests.resilience.chaos``): its counts, that its faults struck work, and that its controls fail."""

from __future__ import annotations

import logging

import pytest

from tests.resilience.chaos.__main__ import summary
from tests.resilience.chaos.faults import KINDS
from tests.resilience.chaos.run import Verdict, run
from tests.resilience.chaos.schedule import STRIKES

SEED, FACTS = 20231027, 2000

pytestmark = [pytest.mark.needs_servers, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    logging.getLogger("chassis").setLevel(logging.ERROR)  # that connections break is what is wanted
    made = run(seed=SEED, facts=FACTS, minutes=0, say=print)
    print(summary(made))
    return made


class TestChaos:
    def test_loses_nothing_doubles_nothing_and_leaves_nothing_stuck(self, verdict: Verdict) -> None:
        assert verdict.facts >= FACTS
        assert verdict.count.line() == "lost=0 twice=0 stuck=0", summary(verdict)

    def test_struck_work_in_flight_three_times_with_every_kind_of_fault(self, verdict: Verdict) -> None:
        times = {one.kind: len(one.struck) for one in verdict.faults}
        assert times.keys() == KINDS.keys()
        assert min(times.values()) >= STRIKES == 3, times

    def test_leaves_no_personal_data_where_none_may_be(self, verdict: Verdict) -> None:
        assert verdict.exposed == []

    def test_would_have_seen_a_double_and_a_loss(self, verdict: Verdict) -> None:
        assert not verdict.is_void, summary(verdict)
