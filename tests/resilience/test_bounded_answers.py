"""Whatever stands still or is away: a clear answer within the deadline, and work again by itself when it is back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.throwaway import eventually
from tests.resilience.bad_days import CALL_SECONDS, Answer, BadDays
from tests.support.platforms import MakePlatform
from tests.support.servers import Broker

#: A request without an answer is sent once more, so a request has twice the time of one call.
DEADLINE = 2 * CALL_SECONDS
AWAY, UNANSWERED, UNKNOWN = (503, "service_unavailable"), (504, "no_answer"), (504, "outcome_unknown")

# the state, what a query may be answered with, what a command may be; where the broker is frozen it depends on whether the
# request had left before the freeze was noticed
STATES = {
    "broker_frozen": ({AWAY, UNANSWERED}, {AWAY, UNKNOWN}),
    "broker_down": ({AWAY}, {AWAY}),
    "service_without_consumer": ({AWAY}, {AWAY}),
    "service_frozen": ({UNANSWERED}, {UNKNOWN}),
    "database_frozen": ({UNANSWERED, (503, "deadline_exceeded")}, {UNKNOWN, (503, "deadline_exceeded")}),
    "database_down": ({(503, "database_unavailable")}, {(503, "database_unavailable")}),
    "pool_exhausted": ({UNANSWERED, (503, "deadline_exceeded")}, {UNKNOWN, (503, "deadline_exceeded")}),
    "queue_full": ({(503, "service_overloaded")}, {(503, "service_overloaded")}),
}


@pytest.fixture(scope="module")
def days(prepared_platform: MakePlatform, broker: Broker) -> Iterator[BadDays]:
    with prepared_platform("days") as platform:
        made = BadDays(platform, broker)
        made.start()
        yield made
        made.close()


@pytest.mark.parametrize("state", STATES)
class TestBadDays:
    def test_are_answered_in_time_and_pass_by_themselves(self, days: BadDays, state: str) -> None:
        for_query, for_command = STATES[state]
        self.works_again(days)
        with getattr(days, state)():
            first, later, commands = days.read(), days.read(), [days.write() for _ in range(2)]
        # the first may have left before anybody noticed; the later ones meet a state that is known
        self.hold([first], for_query | {UNANSWERED})
        self.hold([later], for_query)
        self.hold(commands, for_command)
        self.works_again(days)

    def works_again(self, days: BadDays) -> None:
        eventually(lambda: days.read().status == 200, seconds=20, what="an answer again")
        eventually(lambda: days.write().status == 201, seconds=20, what="a write again")

    def hold(self, answers: list[Answer], allowed: set[tuple[int, str]]) -> None:
        for answer in answers:
            status, code = answer.status, answer.code.rpartition(".")[2]
            assert (status, code) in allowed, answer
            assert answer.seconds < DEADLINE + 1, answer
            assert answer.says_when, answer


class TestManyAtOnce:
    def test_no_request_waits_for_another_that_waits_for_a_frozen_broker(self, days: BadDays) -> None:
        with days.broker_frozen():
            answers = days.at_once(30)
        assert {answer.status for answer in answers} <= {503, 504}
        assert max(answer.seconds for answer in answers) < DEADLINE + 1
        eventually(lambda: days.read().status == 200, seconds=20, what="an answer again")
