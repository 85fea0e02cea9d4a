"""Messages of somebody who is merged are in the inbox of who they are merged into, and come back when the merge is undone."""

from __future__ import annotations

import itertools
import threading
from uuid import UUID

import pytest
from sqlalchemy import event as listener

from chassis.ground.ids import uuid7
from services.notify import deliveries, messages, preferences
from services.notify.channels import in_app
from services.notify.people import NotThemselves
from tests.notify.conftest import CITY_QUIET, NOW, UNWANTED, Office, granted, themselves
from tests.support.waiting import until


def listed(office: Office, person: UUID, *, by: UUID | None = None) -> list[UUID]:
    return [message["event_id"] for message in office.inbox(person, by=by)]


class TestInbox:
    def test_has_the_messages_of_both_and_gives_them_back(self, office: Office) -> None:
        merged, survivor = uuid7(), uuid7()
        office.only_template()
        theirs, own = granted(merged), granted(survivor)
        office.hear(theirs, own)
        office.merge(merged, survivor)
        assert sorted(listed(office, survivor)) == sorted([theirs.id, own.id])
        assert listed(office, merged) == []
        since, since_own = granted(merged), granted(survivor)
        office.hear(since, since_own)
        assert listed(office, survivor)[2:] == [since.id, since_own.id]
        office.merge(merged, None, version=3)
        assert listed(office, merged) == [theirs.id, since.id]
        assert listed(office, survivor) == [own.id, since_own.id]

    def test_is_shown_to_the_survivor_under_either_id_and_to_nobody_else(self, office: Office) -> None:
        merged, survivor = uuid7(), uuid7()
        office.only_template()
        told = granted(merged)
        office.hear(told)
        with pytest.raises(NotThemselves):
            listed(office, merged, by=survivor)
        office.merge(merged, survivor)
        assert listed(office, merged, by=survivor) == listed(office, survivor) == [told.id]
        for person, by in ((survivor, merged), (merged, uuid7()), (survivor, uuid7())):
            with pytest.raises(NotThemselves):
                listed(office, person, by=by)
        (message,) = office.inbox(survivor)
        with office.work(caller=themselves(survivor)) as work:
            assert messages.read_message(work, message_id=message["id"])["read_at"] == NOW
        office.merge(merged, None, version=3)
        with pytest.raises(NotThemselves):
            listed(office, merged, by=survivor)

    def test_ends_alike_whatever_comes_when_and_how_often(self, office: Office) -> None:
        office.only_template()
        for last in (2, 3, 4):
            for order in itertools.permutations(range(2, last + 1)):
                merged, survivor, other = uuid7(), uuid7(), uuid7()
                office.hear(granted(merged))
                said = {2: other, 3: None, 4: survivor}
                for version in (*order, *order):
                    office.merge(merged, said[version], version=version)
                assert [len(listed(office, one)) for one in (said[last] or merged, other)] == [1, int(last == 2)], order


class TestAnnounce:
    def test_an_event_that_comes_again_makes_no_second_message(self, office: Office) -> None:
        """Not before the merge, not after it, and not once it is undone, wherever the first message was made."""
        office.only_template()
        merged, survivor = uuid7(), uuid7()
        first, second, third = (granted(merged) for _ in range(3))
        office.hear(first)
        office.merge(merged, survivor)
        office.hear(first, second)
        office.merge(merged, None, version=3)
        office.hear(first, second, third)
        office.merge(merged, survivor, version=4)
        office.hear(first, second, third)
        assert listed(office, survivor) == [first.id, second.id, third.id]
        assert office.count("select count(*) from messages") == 3
        assert office.count("select count(*) from deliveries") == 6

    def test_goes_by_the_preferences_of_the_survivor(self, office: Office) -> None:
        merged, survivor = uuid7(), uuid7()
        office.only_template()
        office.prefer(survivor, programmes={"scenic_areas": UNWANTED})
        office.hear(granted(merged))
        office.merge(merged, survivor)
        office.hear(granted(merged))
        assert office.states(person_id=merged, channel=in_app.NAME) == ["delivered"], "a record of what was"
        assert office.states(person_id=survivor) == ["suppressed"] * 2

    def test_what_is_sent_later_goes_to_the_survivor(self, office: Office) -> None:
        merged, survivor = uuid7(), uuid7()
        office.only_template()
        office.hear(granted(merged))
        office.merge(merged, survivor)
        with office.work() as work:
            (claimed,) = deliveries.claim(work, channel="email", claim=uuid7(), lease_until=NOW, at_most=9)
        assert claimed.person_id == survivor

    def test_costs_two_statements_more_for_a_whole_batch(self, office: Office) -> None:
        office.only_template()
        sent: list[str] = []
        listener.listen(
            office.engine, "before_cursor_execute", lambda *given: sent.append(" ".join(given[2].split()[:2]))
        )
        office.hear(*(granted(uuid7()) for _ in range(50)))
        assert len([one for one in sent if "merged_people" in one or "advisory" in one]) == 2
        assert len(sent) <= 7, sent

    def test_a_merge_waits_for_the_messages_under_way_and_moves_them(self, office: Office) -> None:
        merged, survivor = uuid7(), uuid7()
        office.only_template()
        told = granted(merged)
        merging = threading.Thread(target=office.merge, args=(merged, survivor))
        waits = """
            select count(*) from pg_locks l join pg_database d on d.oid = l.database
            where d.datname = current_database() and l.locktype = 'advisory' and not l.granted
        """
        with office.work() as work:
            messages.announce(work, [told], open_channels=("in_app",), quiet_hours=None)
            merging.start()
            until(lambda: office.count(waits) == 1, what="the merge to wait")
        merging.join(10)
        assert listed(office, survivor) == [told.id]


class TestPreferences:
    def test_are_the_survivors_under_either_id(self, office: Office) -> None:
        merged, survivor = uuid7(), uuid7()
        office.prefer(merged, language="en")
        office.merge(merged, survivor)
        made = office.prefer(merged, by=survivor, programmes={"job_fairs": UNWANTED})
        assert (made["person_id"], made["version"]) == (survivor, 1)
        for person in (merged, survivor):
            with office.work(caller=themselves(survivor)) as work:
                found = preferences.get_preferences(work, person_id=person, quiet_hours=CITY_QUIET)
            assert (found["person_id"], found["programmes"], found["language"]) == (
                survivor,
                {"job_fairs": UNWANTED},
                None,
            )
        office.merge(merged, None, version=3)
        with office.work(caller=themselves(merged)) as work:
            kept = preferences.get_preferences(work, person_id=merged, quiet_hours=CITY_QUIET)
        assert (kept["language"], kept["version"]) == ("en", 1), "they stay with their id"
        with pytest.raises(NotThemselves):
            office.prefer(merged, by=survivor)
