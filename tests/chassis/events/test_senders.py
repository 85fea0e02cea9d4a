"""Whose word an event is, over the real broker: only its source's, and nobody's word grows by being sent round."""

from __future__ import annotations

import uuid
from typing import Any

from chassis.broker import topology
from chassis.broker.publisher import ConfirmedPublisher
from chassis.broker.senders import SENDER
from chassis.store import dead_letters
from tests.chassis.events.test_poison import QUEUE, event, hearings
from tests.support.ledgers import Ledger
from tests.support.waiting import until

REASON = "sender_not_trusted"


def letters(ledger: Ledger) -> list[Any]:
    return ledger.rows("select reason, headers, redriven_at from dead_letters order by died_at, id")


def redrive(ledger: Ledger) -> None:
    publisher = ConfirmedPublisher(ledger.amqp_uri, name="test.redrive")
    dead_letters.redrive(ledger.engine, publisher.publish, dead_letters.Wanted())
    publisher.close()


class TestAnEvent:
    def test_of_its_source_takes_effect(self, ledger: Ledger) -> None:
        ledger.start()
        ledger.call("write_entry", {"text": "mine"}, key=uuid.uuid4().hex)
        until(lambda: hearings(ledger) == 1)
        assert letters(ledger) == []

    def test_that_names_no_sender_is_laid_aside_where_one_is_required(self, ledger: Ledger) -> None:
        ledger.start(lanes="events")
        ledger.publish(event("nobody's"), exchange="", routing_key=QUEUE, user_id=None)
        until(lambda: len(letters(ledger)) == 1)
        assert letters(ledger)[0].reason.startswith(f"{REASON}: nobody named")
        assert hearings(ledger) == 0
        redrive(ledger)
        until(lambda: len(letters(ledger)) == 2, what="it is laid aside again")
        assert hearings(ledger) == 0

    def test_that_names_no_sender_passes_while_an_older_relay_may_still_publish(self, ledger: Ledger) -> None:
        ledger.start(lanes="events", REQUIRE_EVENT_SENDER="0")
        ledger.publish(event("of an older relay"), exchange="", routing_key=QUEUE, user_id=None)
        ledger.publish(event("poison"), exchange="", routing_key=QUEUE, user_id=None)
        until(lambda: hearings(ledger) == 1)
        until(
            lambda: len(letters(ledger)) == 1, what="the poison comes back from its retry tiers, and is still believed"
        )
        assert "poisoned" in letters(ledger)[0].reason

    def test_on_its_way_through_the_dead_queue_keeps_its_sender(self, ledger: Ledger) -> None:
        ledger.start(lanes="events")
        deaths = [{"reason": "delivery_limit", "queue": QUEUE}]
        dead = topology.dead_queue("ledger")
        body = event("dead on arrival")
        ledger.publish(body, exchange="", routing_key=dead, user_id=None, application_headers={"x-death": deaths})
        until(lambda: len(letters(ledger)) == 1)
        assert letters(ledger)[0].headers == {SENDER: ""}
        redrive(ledger)
        until(lambda: len(letters(ledger)) == 2)
        assert hearings(ledger) == 0
