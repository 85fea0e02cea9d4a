"""Announcements become messages and deliveries once, in any order and any number of times; a replay makes no message."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from chassis.ground.ids import uuid7
from chassis.store.work import Caller
from contracts.language.paging import Paging
from services.notify import messages
from services.notify.messages import MessageNotFound
from services.notify.people import NotThemselves
from tests.notify.conftest import APP, AT_NIGHT, CLERK, MORNING, NOW, UNWANTED, Office, granted, themselves
from tests.support.threads import at_once


class TestAnnounce:
    def test_a_message_is_in_the_inbox_with_its_commit_and_its_mail_is_due(self, office: Office) -> None:
        person = uuid7()
        office.only_template()
        office.hear(granted(person))
        (message,) = office.inbox(person)
        assert (message["programme"], message["urgency"], message["read_at"]) == ("scenic_areas", "normal", None)
        in_app, email = (office.deliveries(channel=name)[0] for name in ("in_app", "email"))
        assert (in_app.state, in_app.settled_at, email.state, email.not_before) == ("delivered", NOW, "due", NOW)

    def test_repeated_reordered_and_split_events_make_one_message_each(self, office: Office) -> None:
        office.only_template()
        people = [uuid7() for _ in range(5)]
        events = [granted(person) for person in people for _ in range(3)]
        shuffled = random.Random(4)
        for _ in range(4):
            batch = [*events, *shuffled.sample(events, 7)]
            shuffled.shuffle(batch)
            cut = shuffled.randrange(len(batch))
            office.hear(*batch[:cut])
            office.hear(*batch[cut:])
        assert office.count("select count(*) from messages") == len(events)
        assert office.count("select count(*) from deliveries") == 2 * len(events)
        assert all(len(office.inbox(person)) == 3 for person in people)

    def test_the_same_events_at_once_make_one_message_each(self, office: Office) -> None:
        office.only_template()
        events = [granted(uuid7()) for _ in range(40)]
        at_once(lambda number: office.hear(*(events if number % 2 else reversed(events))), 6)
        assert office.count("select count(*) from messages") == 40
        assert office.count("select count(*) from deliveries") == 80

    def test_a_replay_makes_no_message(self, office: Office) -> None:
        person = uuid7()
        office.only_template()
        office.hear(granted(person, replay=True))
        assert office.count("select count(*) from messages") + office.count("select count(*) from deliveries") == 0

    def test_a_version_older_than_one_announced_makes_no_message(self, office: Office) -> None:
        """It waited in a retry queue meanwhile; the person would read the older state last."""
        person = uuid7()
        office.only_template()
        older = granted(person)
        office.hear(replace(older, id=uuid7(), version=3), replace(older, id=uuid7(), version=2))
        assert len(office.inbox(person)) == 2, "what comes together is kept"
        office.hear(older, granted(person))
        assert len(office.inbox(person)) == 3, "of another entitlement only"

    def test_every_template_bound_to_the_event_makes_a_message(self, office: Office) -> None:
        person = uuid7()
        office.only_template()
        office.put_template("told_too", channels=["in_app"])
        office.hear(granted(person))
        assert [message["template_key"] for message in office.inbox(person)] == ["told", "told_too"]

    def test_a_batch_is_a_handful_of_statements(self, office: Office) -> None:
        from sqlalchemy import event as listener

        sent: list[str] = []
        office.only_template()
        listener.listen(office.engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
        office.hear(*(granted(uuid7()) for _ in range(100)))
        assert office.count("select count(*) from deliveries") == 200
        assert len(sent) <= 8, sent


class TestWishes:
    def test_a_programme_switched_off_is_suppressed_with_its_reason_and_not_in_the_inbox(self, office: Office) -> None:
        person, other = uuid7(), uuid7()
        office.only_template()
        office.prefer(person, programmes={"scenic_areas": UNWANTED})
        office.hear(granted(person), granted(other), granted(person, scheme_key="museums"))
        assert [message["programme"] for message in office.inbox(person)] == ["museums"]
        assert len(office.inbox(other)) == 1
        suppressed = office.deliveries(state="suppressed")
        assert {(row.person_id, row.reason) for row in suppressed} == {(person, "programme_off")}
        assert sorted(row.channel for row in suppressed) == ["email", "in_app"]

    def test_only_the_wanted_channels_are_used(self, office: Office) -> None:
        person = uuid7()
        office.only_template()
        office.prefer(person, programmes={"scenic_areas": {"enabled": True, "channels": ["in_app"]}})
        office.hear(granted(person))
        assert office.states(channel="email") == ["suppressed"]
        assert office.deliveries(channel="email")[0].reason == "channel_unwanted"
        assert len(office.inbox(person)) == 1

    def test_quiet_hours_hold_back_the_mail_alone(self, office: Office) -> None:
        person = uuid7()
        office.only_template()
        office.hear(granted(person), now=AT_NIGHT)
        assert office.deliveries(channel="email")[0].not_before == MORNING
        assert len(office.inbox(person)) == 1

    def test_an_urgent_message_does_not_wait_for_the_morning(self, office: Office) -> None:
        office.only_template(urgency="urgent")
        office.hear(granted(uuid7()), now=AT_NIGHT)
        assert office.deliveries(channel="email")[0].not_before == AT_NIGHT

    def test_a_person_without_quiet_hours_gets_mail_at_night(self, office: Office) -> None:
        person = uuid7()
        office.only_template()
        office.prefer(person, quiet_hours=None)
        office.hear(granted(person), now=AT_NIGHT)
        assert office.deliveries(channel="email")[0].not_before == AT_NIGHT

    def test_a_channel_that_is_off_says_so(self, office: Office) -> None:
        office.only_template()
        office.hear(granted(uuid7()), open_channels=("in_app",))
        (email,) = office.deliveries(channel="email")
        assert (email.state, email.reason) == ("suppressed", "channel_off")


class TestInbox:
    def test_pages_through_one_persons_messages(self, office: Office) -> None:
        person = uuid7()
        office.only_template()
        office.hear(*(granted(one) for one in [person] * 5 + [uuid7()] * 3))
        seen, after = [], None
        while True:
            with office.work(caller=themselves(person)) as work:
                page = messages.list_messages(work, person_id=person, page=Paging(limit=2, after=after))
            seen += [item["id"] for item in page["items"]]
            if (after := page["next_after"]) is None:
                break
        assert len(seen) == len(set(seen)) == 5

    def test_a_message_is_read_once(self, office: Office) -> None:
        person = uuid7()
        office.only_template()
        office.hear(granted(person), granted(person))
        first = office.inbox(person)[0]["id"]
        for now in (NOW, AT_NIGHT):
            with office.work(now=now, caller=themselves(person)) as work:
                assert messages.read_message(work, message_id=first)["read_at"] == NOW
        assert [message["id"] == first for message in office.inbox(person, unread=False)] == [True]
        assert first not in [message["id"] for message in office.inbox(person, unread=True)]

    def test_a_message_that_does_not_exist_is_not_found(self, office: Office) -> None:
        with office.work(caller=themselves(uuid7())) as work, pytest.raises(MessageNotFound):
            messages.read_message(work, message_id=uuid7())

    @pytest.mark.parametrize("caller", [CLERK, APP, replace(APP, subject="staff:zhang.san"), themselves(uuid7())])
    def test_is_the_persons_alone(self, office: Office, caller: Caller) -> None:
        person = uuid7()
        office.only_template()
        office.hear(granted(person))
        (message,) = office.inbox(person)
        with office.work(caller=caller) as work:
            for whose in (person, uuid7()):
                with pytest.raises(NotThemselves):
                    messages.list_messages(work, person_id=whose, page=Paging(limit=2))
            with pytest.raises(MessageNotFound):
                messages.read_message(work, message_id=message["id"])
        assert office.inbox(person, unread=True) == [message]
