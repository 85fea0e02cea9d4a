"""Real processes of notify, killed and repeated to: counted at the SMTP server, no mail is sent twice."""

from __future__ import annotations

import random
import signal
import uuid
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from chassis.broker.publisher import ConfirmedPublisher, Outgoing
from chassis.rpc.calls import CallContext
from contracts.language import envelope
from contracts.language.envelope import Event
from deploy.local.throwaway import eventually
from tests.notify.conftest import GRANTED, Office, granted
from tests.notify.deliveries.processes import Talent
from tests.support.smtp_sink import Sink

CONSUMER_QUEUE = "notify.on_announcement.v1"


class Notify:
    """Processes of notify that send by the sink, with leases short enough to wait for."""

    def __init__(self, office: Office, talent: Talent, sink: Sink) -> None:
        self.office, self.talent, self.sink = office, talent, sink
        self.names: list[str] = []
        self.environment = {
            "NOTIFY_DATABASE_URL": office.url,
            "NOTIFY_SMTP_URL": sink.url,
            "NOTIFY_SMTP_FROM": "青年之城 <city@jinzhong.test>",
            "NOTIFY_QUIET_HOURS": "",
            "NOTIFY_SEND_SECONDS": "0.1",
            "NOTIFY_RESCUE_SECONDS": "0.2",
            "NOTIFY_ROUND_SECONDS": "2",
            "NOTIFY_LEASE_SECONDS": "4",
            "NOTIFY_PAUSE_SECONDS": "0.2",
            "NOTIFY_BACK_OFF": "0.2,0.2",
        }
        self.publisher = ConfirmedPublisher(talent.processes.amqp_uri, name="test.publisher")

    def start(self, name: str = "notify", **env: str) -> None:
        self.talent.processes.start("notify", name=name, **{**self.environment, **env})
        self.names.append(name)

    def kill(self, name: str = "notify") -> None:
        self.talent.processes.kill(name)
        self.names.remove(name)

    def publish(self, events: list[Event]) -> None:
        """As a relay would, but in any order and any number of times."""
        sent = [
            Outgoing(
                body=envelope.compose(event), exchange="perks.events", routing_key=event.type, message_id=str(event.id)
            )
            for event in events
        ]
        self.publisher.publish(sent)

    def tell(self, *addresses: str) -> list[UUID]:
        people = [self.talent.person(address) for address in addresses]
        self.office.hear(*(granted(person) for person in people))
        return people

    def states(self) -> list[str]:
        """Of the e-mails, in the order they were made due."""
        return self.office.states(channel="email")

    def await_states(self, *wanted: str) -> None:
        eventually(lambda: self.states() == list(wanted), what=f"{wanted}, now {self.states()}")

    def resend(self, delivery_id: UUID) -> Any:
        context = CallContext("clerk", "youth_league", "request-1", idempotency_key=str(uuid.uuid4()))
        fields = {"delivery_id": str(delivery_id)}
        return self.talent.client.call("notify", "resend_delivery", fields, context=context, timeout=10)

    def close(self) -> None:
        for name in list(self.names):
            self.kill(name)
        self.publisher.close()


@pytest.fixture
def notify(office: Office, talent: Talent, sink: Sink) -> Iterator[Notify]:
    office.only_template()
    made = Notify(office, talent, sink)
    yield made
    made.close()


class TestKilled:
    def test_between_the_call_and_the_record_the_outcome_is_unknown_and_a_clerk_decides(self, notify: Notify) -> None:
        notify.tell("a@example.com", "held@example.com", "b@example.com")
        notify.start(NOTIFY_CHUNK="1", NOTIFY_SMTP_CONNECTIONS="1")
        assert notify.sink.holding.wait(20)
        assert notify.states() == ["delivered", "calling", "sending"]
        notify.kill()
        notify.sink.let_go.set()
        notify.start()
        notify.await_states("delivered", "outcome_unknown", "delivered")
        assert sorted(mail.to for mail in notify.sink.mails) == ["a@example.com", "b@example.com", "held@example.com"]
        (unknown,) = notify.office.deliveries(state="outcome_unknown")
        assert notify.resend(unknown.id)["state"] == "due"
        notify.await_states("delivered", "delivered", "delivered")
        assert notify.sink.repeated() == [f"<{unknown.id}@jinzhong.test>"]

    def test_before_the_call_all_of_it_is_sent_once(self, notify: Notify) -> None:
        notify.tell("a@example.com", "b@example.com")
        frozen = notify.talent.processes.running["talent"]
        frozen.send_signal(signal.SIGSTOP)
        try:
            notify.start()
            notify.await_states("sending", "sending")
            notify.kill()
        finally:
            frozen.send_signal(signal.SIGCONT)
        notify.start()
        notify.await_states("delivered", "delivered")
        assert len(notify.sink.mails) == 2


class TestRepeated:
    def test_repeated_reordered_and_replayed_events_are_sent_once_though_a_process_is_killed(
        self, notify: Notify
    ) -> None:
        for name in ("one", "two"):
            notify.start(name, NOTIFY_CHUNK="2", NOTIFY_SMTP_CONNECTIONS="1", NOTIFY_BATCH="10")
        events = [granted(notify.talent.person(f"p{number}@example.com")) for number in range(40)]
        replays = [granted(UUID(event.data["person_id"]), replay=True) for event in events]
        stream = [*events, *events, *events, *replays]
        random.Random(1).shuffle(stream)
        for start in range(0, len(stream), 20):
            notify.publish(stream[start : start + 20])
            if start == 60:
                eventually(lambda: notify.sink.mails, what="a first mail")
                notify.kill("one")
        ended = {"delivered", "outcome_unknown"}
        eventually(lambda: len(notify.states()) == 40 and set(notify.states()) <= ended, what="every e-mail's end")
        assert notify.office.count("select count(*) from messages") == 40
        assert notify.sink.repeated() == []
        unknown = notify.states().count("outcome_unknown")
        assert unknown <= 2, "more than one chunk of the killed process"
        assert 40 - unknown <= len(notify.sink.mails) <= 40
        assert {event.type for event in events} == {GRANTED}

    def test_no_log_names_an_address(self, notify: Notify) -> None:
        notify.tell("refused@example.com", "wang@example.com")
        notify.start()
        notify.await_states("failed", "delivered")
        log = notify.talent.processes.log_of("notify")
        assert log and "wang" not in log and "refused@" not in log
