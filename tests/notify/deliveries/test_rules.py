"""The law of a delivery, tried on every order of happenings two senders, a rescuer and a clerk can bring about."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import sampled_from

from contracts.notify import DELIVERY_STATES
from services.notify.deliveries import rules

BACK_OFF = [dt.timedelta(seconds=1), dt.timedelta(seconds=10)]
CONNECTIONS = sampled_from(("first", "second"))


class OneDelivery(RuleBasedStateMachine):
    """One delivery and all who touch it, as the conditional updates of ``deliveries`` do."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.claim, self.attempts = rules.DUE, 0, 0
        self.rounds = 0
        #: sender → its round, and whether it may call the provider
        self.held: dict[str, int] = {}
        self.may_call: set[str] = set()
        self.unanswered: dict[str, int] = {}
        self.calls = self.not_accepted = self.resent = 0

    def befalls(self, happening: str) -> bool:
        if self.state not in rules.may_befall(happening):
            return False
        self.state = rules.after(happening)
        return True

    @rule(sender=CONNECTIONS)
    def claims(self, sender: str) -> None:
        if sender not in self.unanswered and self.befalls("claimed"):
            self.rounds += 1
            self.claim = self.held[sender] = self.rounds
            self.may_call.discard(sender)

    @rule(sender=CONNECTIONS)
    def lets_go_for_talent_is_away(self, sender: str) -> None:
        if self.holds(sender) and sender not in self.may_call and self.befalls("released"):
            self.claim = 0

    @rule(sender=CONNECTIONS)
    def is_allowed_to_call(self, sender: str) -> None:
        if self.holds(sender) and self.befalls("handed_over"):
            self.attempts += 1
            self.may_call.add(sender)

    @rule(sender=CONNECTIONS)
    @precondition(lambda self: self.may_call)
    def calls_the_provider(self, sender: str) -> None:
        if sender in self.may_call:
            self.may_call.discard(sender)
            self.unanswered[sender] = self.held[sender]
            self.calls += 1

    @rule(sender=CONNECTIONS, outcome=sampled_from(("accepted", "refused", "postponed", "lost")))
    @precondition(lambda self: self.unanswered)
    def hears_and_records(self, sender: str, outcome: str) -> None:
        if sender not in self.unanswered:
            return
        round_ = self.unanswered.pop(sender)
        self.not_accepted += outcome in ("refused", "postponed")
        happening, _ = rules.settle(outcome, attempts=max(self.attempts, 1), back_off=BACK_OFF)
        if self.claim == round_ and self.befalls(happening) and self.state != rules.UNKNOWN:
            self.claim = 0

    @rule(sender=CONNECTIONS)
    def is_killed(self, sender: str) -> None:
        self.held.pop(sender, None)
        self.may_call.discard(sender)
        self.unanswered.pop(sender, None)

    @rule()
    def is_rescued(self) -> None:
        if self.state == rules.SENDING:
            self.befalls("released")
            self.claim = 0
        elif self.state == rules.CALLING:
            self.befalls("lost")

    @rule()
    def is_sent_again_by_a_clerk(self) -> None:
        if self.befalls("resent"):
            self.claim, self.attempts = 0, 0
            self.resent += 1

    def holds(self, sender: str) -> bool:
        return self.held.get(sender, -1) == self.claim

    @invariant()
    def is_called_again_only_after_a_no_or_by_a_clerk(self) -> None:
        assert self.calls <= 1 + self.not_accepted + self.resent

    @invariant()
    def is_in_a_state_there_is_and_tried_no_more_than_the_back_off_says(self) -> None:
        assert self.state in rules.STATES
        assert self.attempts <= len(BACK_OFF) + 1


TestOneDelivery = OneDelivery.TestCase
TestOneDelivery.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)


class TestMoves:
    def test_speak_of_states_there_are_and_the_contract_names_the_same(self) -> None:
        assert rules.STATES == DELIVERY_STATES == tuple(rules.CHINESE)
        for sources, target in rules.MOVES.values():
            assert {*sources, target} <= set(rules.STATES)

    def test_what_is_over_stays_over(self) -> None:
        for happening in rules.MOVES:
            assert not {rules.DELIVERED, rules.SUPPRESSED} & set(rules.may_befall(happening)), happening
        leaving_failed = [one for one in rules.MOVES if rules.FAILED in rules.may_befall(one)]
        assert leaving_failed == ["resent"]

    @pytest.mark.parametrize(("attempts", "settled"), [(1, "postponed"), (2, "postponed"), (3, "refused")])
    def test_a_provider_has_its_chances(self, attempts: int, settled: str) -> None:
        happening, wait = rules.settle("postponed", attempts=attempts, back_off=BACK_OFF)
        assert happening == settled
        assert wait == (BACK_OFF[attempts - 1] if settled == "postponed" else None)

    def test_a_delivery_never_handed_to_a_provider_is_due_at_once(self) -> None:
        assert rules.settle("not_called", attempts=9, back_off=BACK_OFF) == ("not_called", dt.timedelta())
