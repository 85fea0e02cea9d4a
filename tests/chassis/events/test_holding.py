"""No message is held for ever: what takes too long is given back, and what nobody speaks for any more comes again."""

from __future__ import annotations

from tests.chassis.events.test_poison import QUEUE, TIER, event, hearings, send
from tests.support.ledgers import Ledger
from tests.support.waiting import until


class TestABatch:
    def test_taken_apart_holds_no_message_longer_than_it_may(self, ledger: Ledger) -> None:
        """Each hearing takes 0.3 s, and what has been here for 1 s is given back: the broker delivers it anew."""
        slow = [event(f"slow-hearing 0.3 {number}") for number in range(4)]
        send(ledger, *slow, event("poison"))
        process = ledger.start(lanes="events", RETRY_DELAYS="300", LEDGER_HELD_SECONDS="1", LEDGER_SECONDS_ALLOWED="30")
        given_back = 'youthcity_events_given_back_total{consumer="ledger.on_entry_written"}'
        until(lambda: given_back in ledger.health(process, "/metrics")[1], seconds=30, what="a message given back")
        until(lambda: hearings(ledger) == 4, seconds=60)
        until(lambda: ledger.queue_length(TIER) == 1, seconds=30, what="the poison in its tier")
        assert ledger.queue_length(QUEUE) == 0
        assert ledger.count("select count(*) - count(distinct entry_id) from hearings") == 0


class TestAWorker:
    def test_that_ends_without_a_word_leaves_no_message_behind(self, ledger: Ledger) -> None:
        process = ledger.start(lanes="events", LEDGER_SECONDS_ALLOWED="1", LEDGER_LOST_SECONDS="0.5")
        send(ledger, event("vanish"), event("sound"))
        until(lambda: hearings(ledger) == 2, seconds=30)
        until(lambda: ledger.queue_length(QUEUE) == 0)
        assert process.poll() is None
        assert ledger.count("select count(*) from dead_letters") == 0
