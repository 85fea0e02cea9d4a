"""A scan is answered once: admitted within the limit, refused with a reason, the same for the same nonce."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event as listener

from chassis.ground.ids import uuid7
from chassis.store import idempotency
from chassis.store.work import Caller
from contracts.language.paging import Paging
from services.perks import passes, redemptions
from services.perks.redemptions import reading
from tests.perks.conftest import GATE, NOW, City, Story
from tests.support.threads import at_once


class TestRedeemPass:
    def test_admits_once_a_day_and_place(self, city: City) -> None:
        story = Story(city)
        first = city.scan(story.token, story.area, "n1")
        assert (first["outcome"], first["holder"], first["window"]) == ("admitted", "张*", "2026-11-23")
        second = city.scan(story.token, story.area, "n2")
        assert (second["outcome"], second["code"]) == ("refused", "perks.limit_reached")
        assert second["reason"]["zh-CN"]
        tomorrow = city.scan(story.token, story.area, "n3", now=NOW + dt.timedelta(days=1))
        assert tomorrow["outcome"] == "admitted"

    def test_keeps_refusals_as_facts_and_tells_of_admissions_alone(self, city: City) -> None:
        story = Story(city)
        city.scan(story.token, story.area, "n1")
        city.scan(story.token, story.area, "n2")
        states = city.rows("select to_state, reason from history where subject = 'redemption' order by to_state")
        assert [tuple(row) for row in states] == [("admitted", None), ("refused", "perks.limit_reached")]
        assert city.count("select count(*) from outbox where type = 'perks.pass.redeemed.v1'") == 1

    def test_refuses_a_place_that_does_not_serve(self, city: City) -> None:
        story = Story(city)
        assert city.scan(story.token, story.other, "n1")["code"] == "perks.place_not_served"

    def test_refuses_outside_the_validity_of_the_scheme(self, city: City) -> None:
        story = Story(city, valid_until=dt.date(2026, 11, 25))
        late = city.scan(story.token, story.area, "n1", now=NOW + dt.timedelta(days=2))
        assert late["code"] == "perks.scheme_not_valid"

    def test_leaves_no_fact_of_what_is_no_scan(self, city: City) -> None:
        story = Story(city)
        with pytest.raises(redemptions.PlaceNotKnown):
            city.scan(story.token, uuid7(), "n1")
        with pytest.raises(passes.PassUnreadable):
            city.scan(story.token[:-4] + "AAAA", story.area, "n2")
        with pytest.raises(passes.PassExpired):
            city.scan(story.token, story.area, "n3", now=NOW + dt.timedelta(days=40))
        assert city.count("select count(*) from redemptions") == 0

    def test_takes_the_day_of_an_offline_scan(self, city: City) -> None:
        story, online = Story(city), NOW + dt.timedelta(days=1)
        late = dt.datetime(2026, 11, 23, 16, 30, tzinfo=dt.UTC)  # 00:30 on the 24th in Shanghai
        assert city.scan(story.token, story.area, "n1", at=late, now=online)["window"] == "2026-11-24"
        early = dt.datetime(2026, 11, 23, 15, 30, tzinfo=dt.UTC)  # 23:30 on the 23rd
        assert city.scan(story.token, story.area, "n2", at=early, now=online)["window"] == "2026-11-23"

    def test_believes_no_scan_from_before_the_pass_or_the_entitlement(self, city: City) -> None:
        story = Story(city)
        for days in range(1, 6):
            with pytest.raises(redemptions.ScanBeforePass):
                city.scan(story.token, story.area, f"n{days}", at=NOW - dt.timedelta(days=days))
        with pytest.raises(redemptions.ScanBeforePass):
            city.scan(story.token, story.area, "n6", at=NOW - dt.timedelta(minutes=6))
        young = uuid7()
        city.hear(city.affiliation(young, story.university), now=NOW + dt.timedelta(days=2))
        early = city.pass_of(young)  # as if it had been signed before there was an entitlement
        with pytest.raises(redemptions.ScanBeforePass):
            city.scan(early, story.area, "n7", at=NOW + dt.timedelta(days=1), now=NOW + dt.timedelta(days=2))
        assert city.count("select count(*) from redemptions") == 0
        slow = city.scan(story.token, story.area, "n8", at=NOW - dt.timedelta(minutes=4))
        assert slow["outcome"] == "admitted", "a clock may be slow"

    @pytest.mark.parametrize("off", [dt.timedelta(minutes=6), dt.timedelta(days=-8)])
    def test_believes_no_scan_from_the_future_and_none_too_old(self, city: City, off: dt.timedelta) -> None:
        story = Story(city)
        with pytest.raises(redemptions.ScanTimeImplausible):
            city.scan(story.token, story.area, "n1", at=NOW + off)

    @pytest.mark.parametrize("year", [1, 9999])
    def test_refuses_an_impossible_time_without_breaking(self, city: City, year: int) -> None:
        story = Story(city)
        with pytest.raises(redemptions.ScanTimeImplausible):
            city.scan(story.token, story.area, "n1", at=dt.datetime(year, 12, 31, 23, tzinfo=dt.UTC))

    def test_admits_as_often_as_the_limit_says(self, city: City) -> None:
        limit = {"count": 3, "per": "scheme", "window": "none", "assumption": False}
        story = Story(city, limit=limit)
        outcomes = [city.scan(story.token, story.area, f"n{number}")["outcome"] for number in range(5)]
        assert outcomes == ["admitted"] * 3 + ["refused"] * 2


class TestThePlace:
    def test_is_one_a_device_is_bound_to(self, city: City) -> None:
        story = Story(city)
        gate = replace(GATE, client_type="device", bound_to=frozenset({str(story.area)}))
        with pytest.raises(redemptions.NotYourPlace):
            city.scan(story.token, story.other, "n1", caller=gate)
        assert city.count("select count(*) from redemptions") == 0
        assert city.scan(story.token, story.area, "n1", caller=gate, is_trusted=None)["outcome"] == "admitted"

    def test_is_one_that_trusts_the_department_of_any_other_caller(self, city: City) -> None:
        story, scanner = Story(city), replace(GATE, scopes=frozenset({"redemptions:scan"}))
        for told in (False, None):
            with pytest.raises(redemptions.NotYourPlace):
                city.scan(story.token, story.area, "n1", caller=scanner, is_trusted=told)
        assert city.count("select count(*) from redemptions") == 0
        assert city.scan(story.token, story.area, "n1", caller=scanner)["outcome"] == "admitted"

    def test_is_not_asked_of_a_gateway_that_does_not_say_during_an_upgrade(self, city: City) -> None:
        story = Story(city)
        assert city.scan(story.token, story.area, "n1", is_trusted=None)["outcome"] == "admitted"


class TestNonce:
    def test_gives_the_same_answer_again_refusals_included(self, city: City) -> None:
        story = Story(city)
        for nonce, outcome in (("n1", "admitted"), ("n2", "refused")):
            first = city.scan(story.token, story.area, nonce)
            again = city.scan(story.token, story.area, nonce)
            assert first["outcome"] == outcome
            assert (again["id"], again["outcome"], again["replayed"]) == (first["id"], outcome, True)
        assert city.count("select count(*) from redemptions") == 2

    def test_gives_it_after_the_pass_has_expired(self, city: City) -> None:
        story = Story(city)
        first = city.scan(story.token, story.area, "n1")
        again = city.scan(story.token, story.area, "n1", now=NOW + dt.timedelta(days=40))
        assert (again["id"], again["replayed"]) == (first["id"], True)

    def test_gives_it_when_an_offline_scanner_sends_too_late(self, city: City) -> None:
        story = Story(city)
        first = city.scan(story.token, story.area, "n1", at=NOW)
        again = city.scan(story.token, story.area, "n1", at=NOW, now=NOW + dt.timedelta(days=8))
        assert again["id"] == first["id"]

    def test_gives_it_whatever_has_become_of_the_holder(self, city: City) -> None:
        story = Story(city)
        first = city.scan(story.token, story.area, "n1")
        story.end("2026-11-23")
        assert city.scan(story.token, story.area, "n1")["outcome"] == "admitted"
        refused = city.scan(story.token, story.area, "n2")
        city.hear(city.affiliation(story.person, story.university, role="staff"))
        assert city.scan(story.token, story.area, "n2")["id"] == refused["id"] != first["id"]

    def test_is_refused_for_another_pass_and_for_another_place(self, city: City) -> None:
        story, person = Story(city), uuid7()
        city.scan(story.token, story.area, "n1")
        city.hear(city.affiliation(person, story.university))
        with pytest.raises(redemptions.NonceReused):
            city.scan(city.pass_of(person), story.area, "n1")
        with pytest.raises(redemptions.NonceReused):
            city.scan(story.token, story.other, "n1")

    def test_belongs_to_its_client(self, city: City) -> None:
        story = Story(city)
        city.scan(story.token, story.area, "n1")
        other = Caller(client_id="gate-2", department="culture_tourism", request_id="r", trusted=True)
        with city.work(caller=other) as work:
            answer = city.redeem(work, story.token, story.area, "n1")
        assert (answer["outcome"], answer["replayed"]) == ("refused", False)


class TestDatesBeforeAnyTimer:
    """The gate refuses on the day a fact ends, whether or not anybody has been evaluated since."""

    def test_refuses_when_the_facts_have_ended(self, city: City) -> None:
        story = Story(city)
        story.end("2026-11-23")
        assert city.scan(story.token, story.area, "n1")["code"] == "perks.entitlement_suspended"

    def test_refuses_on_the_first_day_after(self, city: City) -> None:
        story, person = Story(city), uuid7()
        city.hear(city.affiliation(person, story.university, until_on="2026-11-25"))
        token = city.pass_of(person)
        last, after = NOW + dt.timedelta(days=1), NOW + dt.timedelta(days=2)
        assert city.scan(token, story.area, "n1", now=last)["outcome"] == "admitted"
        assert city.scan(token, story.area, "n2", now=after)["code"] == "perks.not_eligible_now"
        assert city.states()[person] == "active", "no timer has run"

    def test_refuses_a_former_student_who_stays_as_volunteer(self, city: City) -> None:
        """The other affiliation holds and its university is served, but no clause is met by it."""
        story, person = Story(city), uuid7()
        student = city.affiliation(person, story.university, until_on="2026-11-25")
        city.hear(student, city.affiliation(person, story.university, role="volunteer"))
        after = NOW + dt.timedelta(days=2)
        assert city.scan(city.pass_of(person), story.area, "n1", now=after)["code"] == "perks.not_eligible_now"

    def test_admits_on_while_another_fact_carries_it(self, city: City) -> None:
        story, person = Story(city), uuid7()
        student = city.affiliation(person, story.university, until_on="2026-11-25")
        city.hear(student, city.affiliation(person, story.university, role="staff"))
        after = NOW + dt.timedelta(days=2)
        assert city.scan(city.pass_of(person), story.area, "n1", now=after)["outcome"] == "admitted"


class TestRaces:
    def test_fifty_scanners_admit_one_and_each_keeps_its_answer(self, city: City) -> None:
        story = Story(city)
        scan = lambda number: city.scan(story.token, story.area, f"n{number}")  # noqa: E731
        first = at_once(scan, 50)
        assert Counter(answer["outcome"] for answer in first) == {"admitted": 1, "refused": 49}
        again = at_once(scan, 50)
        assert [(one["id"], one["outcome"]) for one in again] == [(one["id"], one["outcome"]) for one in first]
        assert city.count("select count(*) from redemptions") == 50

    @pytest.mark.parametrize("count", [3, 40])
    def test_fifty_scanners_admit_exactly_the_limit(self, city: City, count: int) -> None:
        story = Story(city, limit={"count": count, "per": "place", "window": "shanghai_day", "assumption": True})
        answers = at_once(lambda number: city.scan(story.token, story.area, f"n{number}"), 50)
        assert Counter(answer["outcome"] for answer in answers) == {"admitted": count, "refused": 50 - count}

    def test_a_scanner_that_loses_thirty_races_still_takes_the_last_slot(self, city: City) -> None:
        story = Story(city, limit={"count": 31, "per": "place", "window": "shanghai_day", "assumption": True})
        rivals = Rivals(city, story, times=30)
        listener.listen(city.engine, "before_cursor_execute", rivals.take_the_slot_aimed_at)
        assert city.scan(story.token, story.area, "mine")["outcome"] == "admitted"
        assert rivals.beaten == 30
        assert city.scan(story.token, story.area, "late")["code"] == "perks.limit_reached"

    def test_one_nonce_sent_twenty_times_at_once_is_one_scan(self, city: City) -> None:
        story = Story(city)
        answers = at_once(lambda number: city.scan(story.token, story.area, "same"), 20)
        assert len({answer["id"] for answer in answers}) == 1
        assert city.count("select count(*) from redemptions") == 1


class Rivals:
    """Each time the scan "mine" aims at a slot, another scan holds it uncommitted, and commits once mine waits for it."""

    def __init__(self, city: City, story: Story, *, times: int) -> None:
        self.city, self.story, self.times = city, story, times
        self.beaten = 0

    def take_the_slot_aimed_at(self, connection: Any, cursor: Any, sql: str, parameters: Any, *rest: Any) -> None:
        if not sql.lstrip().startswith("with free") or parameters["nonce"] != "mine" or self.beaten == self.times:
            return
        self.beaten += 1
        ended = contextlib.ExitStack()
        work = ended.enter_context(self.city.work())
        assert self.city.redeem(work, self.story.token, self.story.area, f"r{self.beaten}")["outcome"] == "admitted"
        threading.Thread(target=self._commit_when_waited_for, args=(ended,)).start()

    def _commit_when_waited_for(self, ended: contextlib.ExitStack) -> None:
        waiting = (
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        deadline = time.monotonic() + 10
        while self.city.count(waiting) == 0 and time.monotonic() < deadline:
            pass
        ended.close()


class TestCost:
    def test_a_scan_takes_six_statements_with_idempotency_history_and_outbox(self, city: City) -> None:
        story = Story(city)
        caller = Caller("gate", "culture_tourism", "r1", idempotency_key="k1", trusted=True)
        effect = lambda: {"outcome": city.redeem(work, story.token, story.area, "n1")["outcome"]}  # noqa: E731
        with city.statements() as sent, city.work(caller=caller) as work:
            assert idempotency.run(work, "redeem_pass", {}, effect) == {"outcome": "admitted"}
        assert len(sent) == 6, sent


class TestReading:
    def test_lists_page_by_page_and_by_the_given_filters(self, city: City) -> None:
        story = Story(city)
        for number in range(5):
            city.scan(story.token, story.area, f"n{number}", now=NOW + dt.timedelta(minutes=number))
        seen: list[str] = []
        after = None
        with city.work() as work:
            while True:
                page = reading.list_redemptions(work, page=Paging(limit=2, after=after), outcome="refused")
                seen += [item["nonce"] for item in page["items"]]
                after = page["next_after"]
                if after is None:
                    break
            one = reading.get_redemption(work, redemption_id=page["items"][0]["id"])
            with pytest.raises(reading.RedemptionNotFound):
                reading.get_redemption(work, redemption_id=uuid7())
        assert seen == ["n1", "n2", "n3", "n4"]
        assert one["code"] == "perks.limit_reached"

    def test_shows_a_department_its_places_and_its_schemes_and_whoever_reaches_the_person_theirs(
        self, city: City
    ) -> None:
        story = Story(city)
        city.publish_scheme(1, caller=replace(GATE, department="youth_league"), source="P36")
        office = replace(GATE, department="heritage")
        made = city.scan(story.token, story.area, "n1")
        other = city.scan(story.token, story.area, "n2", caller=office)

        def seen(department: str, **filters: Any) -> list[Any]:
            with city.work(caller=replace(GATE, department=department)) as work:
                page = reading.list_redemptions(work, page=Paging(limit=50), **filters)
                for item in page["items"] if not filters else []:
                    assert reading.get_redemption(work, redemption_id=item["id"])["id"] == item["id"]
            return [item["id"] for item in page["items"]]

        assert seen("culture_tourism") == [made["id"]], "its places"
        assert seen("heritage") == [other["id"]], "its places"
        assert seen("youth_league") == [made["id"], other["id"]], "its scheme"
        assert seen("education") == []
        assert seen("education", person_id=story.person) == [made["id"], other["id"]]
        assert seen("education", person_id=uuid7()) == []
        with city.work(caller=replace(GATE, department="education")) as work, pytest.raises(reading.RedemptionNotFound):
            reading.get_redemption(work, redemption_id=made["id"])
