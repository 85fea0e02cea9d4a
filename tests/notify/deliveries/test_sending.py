"""Sending by real SMTP to people a real talent knows: how each call can end, and that no mail is sent twice."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from services.notify import deliveries
from services.notify.channels.email import EmailChannel, SmtpSettings
from services.notify.channels.log import LogChannel
from services.notify.deliveries import DeliveryNotResendable, sending
from services.notify.deliveries.contacts import Contacts, ContactsAway
from services.notify.deliveries.rules import CHINESE
from services.notify.deliveries.sending import Pace
from tests.notify.conftest import AT_NIGHT, CITY_QUIET, MORNING, UNWANTED, Office, granted
from tests.notify.deliveries.processes import Talent
from tests.support.smtp_sink import Sink
from tests.support.threads import at_once

SECOND = dt.timedelta(seconds=1)
PACE = Pace(
    batch=100, chunk=5, connections=2, round_seconds=10, lease=60 * SECOND, pause=5 * SECOND,
    back_off=[60 * SECOND, 600 * SECOND], quiet_hours=CITY_QUIET,
)  # fmt: skip


class Database:
    """A worker's database whose clock is the test's."""

    def __init__(self, office: Office, now: Callable[[], dt.datetime]) -> None:
        self._office, self._now = office, now

    def work(self) -> Any:
        return self._office.work(now=self._now())


class Desk:
    """A sender in this process: the rounds a test has it make, and the clock it lives by."""

    def __init__(self, office: Office, talent: Talent, sink: Sink) -> None:
        self.office, self.talent, self.sink = office, talent, sink
        self.contacts = Contacts(talent.processes.amqp_uri)
        self.email = EmailChannel(SmtpSettings(url=sink.url, sender="青年之城 <city@jinzhong.test>", timeout_seconds=3))
        self.now = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)

    def tell(self, *addresses: str | None, now: dt.datetime | None = None) -> list[UUID]:
        """One message each for newly registered people with these addresses."""
        people = [self.talent.person(address) for address in addresses]
        self.office.hear(*(granted(person) for person in people), now=now or self.now)
        return people

    def round(self, **changes: Any) -> bool:
        pace = dataclasses.replace(PACE, **changes)
        return sending.send_due(
            database=Database(self.office, lambda: self.now), channels=[self.email], contacts=self.contacts, pace=pace
        )

    def email_of(self, person: UUID) -> Any:
        (row,) = self.office.deliveries(person_id=person, channel="email")
        return row


@pytest.fixture
def desk(office: Office, talent: Talent, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    office.only_template()
    made = Desk(office, talent, sink)
    monkeypatch.setattr(sending.clock, "now", lambda: made.now)
    yield made
    made.contacts.close()


class TestRound:
    def test_a_mail_arrives_whole_and_only_its_masked_address_is_kept(self, desk: Desk) -> None:
        (person,) = desk.tell("zhang@example.com")
        desk.round()
        (mail,) = desk.sink.mails
        row = desk.email_of(person)
        assert (mail.to, mail.subject, mail.body.strip()) == (
            "zhang@example.com",
            "已获得免首道门票",
            "您已获得免首道门票。",
        )
        assert mail.message_id == f"<{row.id}@jinzhong.test>"
        assert mail.headers["Auto-Submitted"] == "auto-generated"
        assert (row.state, row.recipient, row.attempts) == ("delivered", "z***@example.com", 1)
        for table in ("messages", "deliveries", "outbox", "history", "preferences"):
            assert desk.office.count(f"select count(*) from {table} t where t::text like '%zhang@%'") == 0

    def test_a_batch_goes_over_few_connections_and_rounds_at_once_share_it(self, desk: Desk) -> None:
        people = desk.tell(*(f"p{number}@example.com" for number in range(60)))
        at_once(lambda _: desk.round(batch=20), 4)
        while desk.round():
            pass
        assert len(desk.sink.mails) == 60 and desk.sink.repeated() == []
        assert {desk.email_of(person).state for person in people} == {"delivered"}
        assert desk.sink.connections <= 10

    def test_says_when_there_is_more(self, desk: Desk) -> None:
        desk.tell("a@example.com", "b@example.com", "c@example.com")
        assert [desk.round(batch=2), desk.round(batch=2), desk.round(batch=2)] == [True, False, False]

    def test_a_person_is_written_to_in_their_language(self, desk: Desk) -> None:
        (person,) = desk.tell("li@example.com")
        desk.office.prefer(person, language="en")
        desk.round()
        assert desk.sink.mails[0].subject == "Granted: Free first gate"
        assert desk.sink.mails[0].headers["Content-Language"] == "en"

    def test_who_has_no_address_and_whom_talent_does_not_know_are_left_out(self, desk: Desk) -> None:
        (silent,) = desk.tell(None)
        stranger = UUID(int=7)
        desk.office.hear(granted(stranger), now=desk.now)
        desk.round()
        assert [(desk.email_of(one).state, desk.email_of(one).reason) for one in (silent, stranger)] == [
            ("suppressed", "no_address"),
            ("suppressed", "person_unknown"),
        ]

    def test_what_is_no_longer_wanted_or_has_become_late_is_not_sent(self, desk: Desk) -> None:
        off, late = desk.tell("off@example.com", "late@example.com")
        desk.office.prefer(off, programmes={"scenic_areas": UNWANTED})
        desk.now = AT_NIGHT
        desk.round()
        assert desk.sink.mails == []
        assert desk.email_of(off).reason == "programme_off"
        assert (desk.email_of(late).state, desk.email_of(late).not_before) == ("due", MORNING)
        desk.now = MORNING
        desk.round()
        assert [mail.to for mail in desk.sink.mails] == ["late@example.com"]

    def test_the_log_channel_names_nobody(self, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
        desk.office.only_template(channels=["log"])
        (person,) = desk.tell("zhang@example.com")
        with caplog.at_level("INFO"):
            sending.send_due(
                database=Database(desk.office, lambda: desk.now),
                channels=[LogChannel()],
                contacts=desk.contacts,
                pace=PACE,
            )
        assert desk.office.states(person_id=person) == ["delivered"]
        assert str(person) in caplog.text and "zhang" not in caplog.text


class TestProvider:
    def test_a_refused_recipient_is_final_and_hurts_nobody_else(self, desk: Desk) -> None:
        people = desk.tell("refused@example.com", "a@example.com", "b@example.com")
        desk.round(connections=1)
        rows = [desk.email_of(person) for person in people]
        assert [row.state for row in rows] == ["failed", "delivered", "delivered"]
        assert rows[0].reason == "smtp_550"

    def test_a_temporary_no_is_tried_again_with_growing_pauses_and_ends_as_failed(self, desk: Desk) -> None:
        (person,) = desk.tell("later@example.com")
        seen = []
        for _ in range(3):
            desk.round()
            row = desk.email_of(person)
            seen.append((row.state, row.attempts, row.not_before - desk.now if row.not_before else None))
            desk.round()
            assert desk.email_of(person).attempts == row.attempts, "tried before its pause was over"
            desk.now = row.not_before or desk.now
        assert seen == [("due", 1, 60 * SECOND), ("due", 2, 600 * SECOND), ("failed", 3, None)]
        assert desk.email_of(person).reason == "smtp_451"

    def test_a_connection_lost_before_the_content_is_tried_again(self, desk: Desk) -> None:
        people = desk.tell("drops@example.com", "a@example.com")
        desk.round(connections=1)
        assert [desk.email_of(person).state for person in people] == ["due", "delivered"]

    def test_a_connection_lost_after_the_content_is_unknown_and_never_sent_again_by_itself(self, desk: Desk) -> None:
        people = desk.tell("cut@example.com", "a@example.com")
        desk.round(connections=1)
        assert [desk.email_of(person).state for person in people] == ["outcome_unknown", "delivered"]
        desk.now += dt.timedelta(days=1)
        desk.round()
        assert len(desk.sink.to("cut@example.com")) == 1

    def test_a_server_that_is_away_is_waited_for(self, desk: Desk) -> None:
        people = desk.tell(*(f"p{number}@example.com" for number in range(12)))
        desk.sink.close()
        assert desk.round() is False
        rows = [desk.email_of(person) for person in people]
        assert {row.state for row in rows} == {"due"}
        assert {row.reason for row in rows} <= {"smtp_not_reached", None}
        desk.sink.open()
        desk.now += 61 * SECOND
        desk.round()
        assert {desk.email_of(person).state for person in people} == {"delivered"}
        assert len(desk.sink.mails) == 12

    def test_what_a_round_has_no_time_for_is_due_again_and_no_attempt_is_counted(self, desk: Desk) -> None:
        (person,) = desk.tell("a@example.com")
        desk.round(round_seconds=-1)
        row = desk.email_of(person)
        assert (row.state, row.attempts, desk.sink.mails) == ("due", 0, [])

    def test_an_address_that_cannot_stand_in_a_mail_is_refused(self, desk: Desk) -> None:
        with desk.email.line() as line:
            outgoing = sending.Outgoing(UUID(int=1), "a\r\nRCPT TO:<b@example.com>", "", "subject", "body", "en")
            (call,) = line.deliver([outgoing], until=float("inf"))
        assert (call.outcome, call.reason, desk.sink.connections) == ("refused", "bad_address", 0)

    @pytest.mark.parametrize("utf8", [True, False])
    def test_an_international_address_is_reached_by_who_can_and_refused_with_its_reason(
        self, desk: Desk, utf8: bool
    ) -> None:
        """A domain is written in IDNA for every server; what stands before the @ takes SMTPUTF8."""
        server = Sink(utf8=utf8)
        channel = EmailChannel(dataclasses.replace(desk.email.settings, url=server.url))
        addresses = ("li@例子.中国", "李雷@例子.中国", "after@example.com")
        batch = [
            sending.Outgoing(UUID(int=number), address, "李雷", "通知", "正文", "zh-CN")
            for number, address in enumerate(addresses)
        ]
        try:
            with channel.line() as line:
                calls = line.deliver(batch, until=float("inf"))
        finally:
            server.close()
        reached = ["li@xn--fsqu00a.xn--fiqs8s", "李雷@xn--fsqu00a.xn--fiqs8s", "after@example.com"]
        if utf8:
            assert [call.outcome for call in calls] == ["accepted"] * 3
        else:
            assert [(call.outcome, call.reason) for call in calls] == [
                ("accepted", None),
                ("refused", "smtputf8_not_offered"),
                ("accepted", None),
            ]
            del reached[1]
        assert [mail.to for mail in server.mails] == reached
        assert [mail.recipient for mail in server.mails] == [("李雷", address) for address in reached]

    def test_no_text_changes_what_surrounds_it(self, desk: Desk) -> None:
        subject = "报名成功：" + "春季专场招聘会" * 12 + "\r\nBcc: b@example.com \U0001f389"
        body = ".\r\n.开头的行\r\nFrom 另一行\r\n" + "长" * 400
        with desk.email.line() as line:
            batch = [
                sending.Outgoing(UUID(int=number), f"p{number}@example.com", name, subject, body, "zh-CN")
                for number, name in enumerate(('张"三", <x@example.com>', "O'Neil (Lee)", "欧阳" * 30))
            ]
            calls = line.deliver(batch, until=float("inf"))
        assert [call.outcome for call in calls] == ["accepted"] * 3
        for outgoing, mail in zip(batch, desk.sink.mails, strict=True):
            assert mail.subject.split() == subject.split() and "Bcc" not in mail.headers
            assert mail.body.splitlines() == body.splitlines()
            assert mail.recipient == (outgoing.name, outgoing.address)
            (sender,) = mail.senders
            assert (sender.addr_spec, sender.display_name) == ("city@jinzhong.test", "青年之城")


class TestTalentAway:
    def test_deliveries_wait_uncounted_and_go_when_it_is_back(self, desk: Desk) -> None:
        people = desk.tell("a@example.com", "b@example.com")
        desk.talent.stop()
        try:
            with pytest.raises(ContactsAway):
                desk.contacts.read(people, purpose="test")
            desk.round()
        finally:
            desk.talent.start()
        rows = [desk.email_of(person) for person in people]
        assert {(row.state, row.reason, row.attempts) for row in rows} == {("due", "contacts_unavailable", 0)}
        desk.now += 2 * SECOND
        desk.round()
        assert desk.sink.mails == [], "before the pause is over"
        desk.now += 4 * SECOND
        desk.round()
        assert sorted(mail.to for mail in desk.sink.mails) == ["a@example.com", "b@example.com"]


class TestStuck:
    def claim(self, desk: Desk, claim: UUID) -> Any:
        with desk.office.work(now=desk.now) as work:
            until = desk.now + PACE.lease
            return deliveries.claim(work, channel="email", claim=claim, lease_until=until, at_most=9)

    def rescue(self, desk: Desk) -> int:
        with desk.office.work(now=desk.now) as work:
            return deliveries.rescue(work)

    def test_one_whose_provider_was_not_called_is_due_again_and_its_sender_may_call_no_more(self, desk: Desk) -> None:
        (person,) = desk.tell("a@example.com")
        (held,) = self.claim(desk, UUID(int=1))
        assert self.rescue(desk) == 0
        desk.now += PACE.lease + SECOND
        with desk.office.work(now=desk.now) as work:
            assert deliveries.hand_over(work, UUID(int=1), [held.id]) == set()
        assert self.rescue(desk) == 1
        desk.round()
        assert (desk.email_of(person).state, len(desk.sink.mails)) == ("delivered", 1)

    def test_one_that_may_have_called_is_of_unknown_outcome_until_its_slow_sender_speaks(self, desk: Desk) -> None:
        (person,) = desk.tell("a@example.com")
        (held,) = self.claim(desk, UUID(int=1))
        with desk.office.work(now=desk.now) as work:
            assert deliveries.hand_over(work, UUID(int=1), [held.id]) == {held.id}
        desk.now += PACE.lease + SECOND
        assert self.rescue(desk) == 1
        desk.round()
        assert (desk.email_of(person).state, desk.email_of(person).reason) == ("outcome_unknown", "sender_lost")
        assert desk.sink.mails == []
        with desk.office.work(now=desk.now) as work:
            late = deliveries.Outcome(held.id, "accepted", None, None, "a***@example.com")
            deliveries.record(work, UUID(int=1), [late])
        assert desk.email_of(person).state == "delivered"

    def test_a_clerk_has_it_sent_again_once_under_the_same_message_id(self, desk: Desk) -> None:
        (person,) = desk.tell("cut@example.com")
        desk.round()
        row = desk.email_of(person)

        def resend(_: int) -> str:
            try:
                with desk.office.work(now=desk.now) as work:
                    return str(deliveries.resend_delivery(work, delivery_id=row.id)["state"])
            except DeliveryNotResendable as refused:
                return str(refused.params["state"])

        assert at_once(resend, 3).count("due") >= 1
        assert desk.office.count("select count(*) from history where subject = 'delivery'") == 1
        desk.round()
        assert len(desk.sink.mails) == 2
        assert desk.sink.repeated() == [f"<{row.id}@jinzhong.test>"]
        assert resend(0) == "due"  # cut again: its outcome is unknown again

    def test_what_was_delivered_or_is_on_its_way_is_not_sent_again(self, desk: Desk) -> None:
        (person,) = desk.tell("a@example.com")
        for _ in range(2):
            with desk.office.work(now=desk.now) as work, pytest.raises(DeliveryNotResendable) as refused:
                deliveries.resend_delivery(work, delivery_id=desk.email_of(person).id)
            assert CHINESE[desk.email_of(person).state] in refused.value.zh_text()
            desk.round()
