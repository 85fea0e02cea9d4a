"""Two records of one human have one entitlement of each scheme, and have their own again when the merge is undone."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from chassis.ground.ids import uuid7
from contracts.language.paging import Paging
from services.perks import entitlements, passes, redemptions
from services.perks.redemptions import reading
from tests.perks.conftest import GATE, NOW, PASS_VALID, SCHEME, City, Pair, Story, merge_event

TOMORROW = NOW + dt.timedelta(days=1)
TWICE = {"count": 2, "per": "place", "window": "shanghai_day", "assumption": True}


def rows(city: City) -> dict[UUID, tuple[Any, ...]]:
    found = city.rows("select id, person_id, state, merged_from, merged_into from entitlements")
    return {row.id: tuple(row)[1:] for row in found}


class TestOneHuman:
    def test_is_admitted_by_either_pass_once_a_day(self, city: City) -> None:
        pair = Pair(city)
        pair.merge()
        assert pair.admits(pair.other_token, "n1")
        assert not pair.admits(pair.token, "n2")
        assert pair.admits(pair.token, "n3", now=TOMORROW)
        assert not pair.admits(pair.other_token, "n4", now=TOMORROW)

    def test_is_not_admitted_again_where_the_other_pass_was_used_before(self, city: City) -> None:
        pair = Pair(city)
        assert pair.admits(pair.other_token, "n1")
        pair.merge()
        assert not pair.admits(pair.token, "n2")
        assert not pair.admits(pair.other_token, "n3")

    def test_has_used_what_both_passes_were_used_for(self, city: City) -> None:
        """Both took the first of their two slots: none is left for the two of them."""
        pair = Pair(city, limit=TWICE)
        assert pair.admits(pair.token, "n1") and pair.admits(pair.other_token, "n2")
        pair.merge()
        assert not pair.admits(pair.token, "n3") and not pair.admits(pair.other_token, "n4")

    def test_gets_the_answer_of_a_scan_from_before_when_it_is_sent_again(self, city: City) -> None:
        pair = Pair(city)
        first = city.scan(pair.other_token, pair.area, "n1")
        pair.merge()
        again = city.scan(pair.other_token, pair.area, "n1")
        assert (again["id"], again["outcome"], again["replayed"]) == (first["id"], "admitted", True)
        with pytest.raises(redemptions.NonceReused):
            city.scan(pair.token, pair.area, "n1")

    def test_may_send_a_scan_of_the_other_pass_from_before_the_survivor_had_one(self, city: City) -> None:
        pair = Pair(city)
        late = uuid7()
        city.hear(city.affiliation(late, pair.university), now=TOMORROW)
        city.merge(pair.other_person, late, now=TOMORROW)
        answer = city.scan(pair.other_token, pair.area, "n1", at=NOW + dt.timedelta(minutes=1), now=TOMORROW)
        assert answer["outcome"] == "admitted"

    def test_has_the_facts_of_both(self, city: City) -> None:
        """Neither record alone is a student who helps; together they are."""
        helps = {**SCHEME["clauses"][0], "id": "helps", "expr": "affiliations.exists(a, a.role == 'volunteer')"}
        person, survivor = uuid7(), uuid7()
        university = city.organisation()
        city.publish_set("universities", 1, [university])
        city.publish_scheme(clauses=[*SCHEME["clauses"], helps])
        city.hear(city.affiliation(survivor, university), city.affiliation(person, university, role="volunteer"))
        assert city.states() == {}
        city.merge(person, survivor)
        assert city.states() == {survivor: "active"}
        city.merge(person, None, version=3)
        assert city.states() == {survivor: "suspended"}

    def test_is_admitted_by_the_institution_either_record_brings(self, city: City) -> None:
        pair = Pair(city)
        student = uuid7()
        elsewhere = city.organisation()
        city.publish_set("universities", 2, [pair.university, elsewhere])
        city.publish_set("colleges", 1, [elsewhere])
        relation = [{**SCHEME["relation"][0], "institution_set": "colleges"}]
        city.publish_scheme(1, relation=relation)
        city.hear(city.affiliation(student, elsewhere))
        city.settle()
        assert city.scan(pair.token, pair.area, "n1")["code"] == "perks.place_not_served"
        city.merge(student, pair.survivor)
        assert pair.admits(pair.token, "n2")

    def test_follows_what_is_reported_of_the_other_record_afterwards(self, city: City) -> None:
        story, person, affiliation = Story(city), uuid7(), uuid7()
        city.merge(person, story.person)
        story.end("2026-11-23")
        assert city.states() == {story.person: "suspended"}
        city.hear(city.affiliation(person, story.university, affiliation_id=affiliation))
        assert city.states() == {story.person: "active"}
        about = {"affiliation_id": affiliation, "version": 2, "state": "ended", "until_on": "2026-11-23"}
        city.hear(city.affiliation(person, story.university, **about))
        assert city.states() == {story.person: "suspended"}

    def test_waits_for_the_days_of_either_record(self, city: City) -> None:
        story, person = Story(city), uuid7()
        city.hear(city.affiliation(person, story.university, until_on="2026-12-01"))
        city.merge(person, story.person)
        story.end("2026-11-23")
        assert city.states()[story.person] == "active"
        city.settle(now=NOW + dt.timedelta(days=8))
        assert city.states()[story.person] == "suspended"
        assert city.rows("select next_check_on from people where next_check_on is not null") == []


class TestWhereTheSurvivorHasNone:
    def test_the_entitlement_is_theirs_with_its_pass_and_what_it_was_used_for(self, city: City) -> None:
        story, survivor = Story(city), uuid7()
        city.scan(story.token, story.area, "n1")
        before = city.announced()
        city.merge(story.person, survivor)
        (row,) = rows(city).values()
        assert row == (survivor, "active", story.person, None)
        assert city.announced() == before, "nothing but whose it is has changed"
        assert city.scan(story.token, story.area, "n2")["code"] == "perks.limit_reached"
        assert city.scan(city.pass_of(survivor), story.area, "n3", now=TOMORROW)["outcome"] == "admitted"

    def test_it_stands_for_a_second_one_too_and_takes_the_place_of_one_that_is_taken_away(self, city: City) -> None:
        pair, survivor = Pair(city), uuid7()
        first, second = pair.ids()
        before = city.holdings()
        for person in (pair.other_person, pair.person):
            city.merge(person, survivor)
        assert rows(city)[first] == (survivor, "active", pair.person, None), "the older one"
        assert rows(city)[second] == (pair.other_person, "suspended", None, first)
        city.merge(pair.person, None, version=3)
        assert rows(city)[second] == (survivor, "active", pair.other_person, None)
        assert rows(city)[first] == (pair.person, "active", None, None)
        city.merge(pair.other_person, None, version=3)
        assert city.holdings() == before


class TestAnnouncing:
    def test_says_merged_and_not_suspended(self, city: City) -> None:
        pair = Pair(city)
        before = city.announced()
        pair.merge()
        assert city.announced()[len(before) :] == ["merged"]
        (last,) = city.rows("select body from outbox where type = 'perks.entitlement.merged.v1'")
        survivors, others = pair.ids()
        data = json.loads(last.body)["data"]
        assert (data["entitlement_id"], data["merged_into"]) == (str(others), str(survivors))
        assert data["state"] == "suspended"
        (reasons,) = city.rows(f"select reasons from entitlements where id = '{others}'")
        assert [(reason["clause"], reason["met"]) for reason in reasons.reasons] == [("merged", False)]

    def test_says_that_it_is_there_again_once_undone(self, city: City) -> None:
        pair = Pair(city)
        before = city.announced()
        pair.merge()
        pair.undo()
        assert city.announced()[len(before) :] == ["merged", "reinstated"]


class TestUndoing:
    def test_gives_back_states_redemptions_and_passes(self, city: City) -> None:
        pair = Pair(city)
        assert pair.admits(pair.token, "n1") and pair.admits(pair.other_token, "n2")
        assert not pair.admits(pair.other_token, "n3")
        before = city.holdings()
        pair.merge()
        assert city.holdings() != before
        pair.undo()
        assert city.holdings() == before
        assert pair.admits(pair.token, "n4", now=TOMORROW) and pair.admits(pair.other_token, "n5", now=TOMORROW)

    def test_takes_the_scans_of_its_pass_along(self, city: City) -> None:
        pair = Pair(city)
        survivors, others = pair.ids()
        pair.merge()
        admitted = city.scan(pair.other_token, pair.area, "n1")
        refused = city.scan(pair.other_token, pair.area, "n2")
        assert {admitted["entitlement_id"], refused["entitlement_id"]} == {survivors}
        pair.undo()
        assert {row.entitlement_id for row in city.rows("select entitlement_id from redemptions")} == {others}
        assert pair.admits(pair.token, "n3"), "that one has not been used"

    def test_leaves_each_with_what_their_own_facts_grant(self, city: City) -> None:
        """One entitlement stood for both; the survivor, a student too, has one of their own then."""
        story, survivor = Story(city), uuid7()
        city.merge(story.person, survivor)
        city.hear(city.affiliation(survivor, story.university))
        city.merge(story.person, None, version=3)
        assert city.states() == {story.person: "active", survivor: "active"}
        assert {row[2:] for row in rows(city).values()} == {(None, None)}


class TestReading:
    def test_answers_by_either_id_with_the_survivors(self, city: City) -> None:
        pair = Pair(city)
        survivors, others = pair.ids()
        pair.merge()
        with city.work() as work:
            for entitlement_id in (survivors, others):
                assert entitlements.get_entitlement(work, entitlement_id=entitlement_id)["id"] == survivors
                issued = passes.issue_pass(
                    work, keys=city.keys, pass_valid=PASS_VALID, entitlement_id=entitlement_id, holder="张*"
                )
                assert city.keys.read(issued["token"]).entitlement_id == issued["entitlement_id"] == survivors
            for person_id in (pair.survivor, pair.other_person, None):
                page = entitlements.list_entitlements(work, page=Paging(limit=10), person_id=person_id)
                assert [item["id"] for item in page["items"]] == [survivors]

    def test_shows_survivors_acting_for_themselves_what_came_from_the_other(self, city: City) -> None:
        pair = Pair(city)
        pair.merge()
        app = replace(GATE, client_type="channel", subject=f"person:{pair.survivor}")
        with city.work(caller=app) as work:
            (item,) = entitlements.list_entitlements(work, page=Paging(limit=10))["items"]
            assert entitlements.get_entitlement(work, entitlement_id=pair.ids()[1]) == item

    def test_lists_the_redemptions_of_both_by_either_id(self, city: City) -> None:
        pair = Pair(city)
        made = [city.scan(token, pair.area, token[-9:])["id"] for token in (pair.token, pair.other_token)]
        refused = city.scan(pair.other_token, pair.area, "n3")["id"]
        pair.merge()
        made += [refused, city.scan(pair.other_token, pair.area, "n4")["id"]]
        office = replace(GATE, department="education")
        with city.work(caller=office) as work:
            for person_id in (pair.survivor, pair.other_person):
                page = reading.list_redemptions(work, page=Paging(limit=10), person_id=person_id)
                assert [item["id"] for item in page["items"]] == made
        with city.work() as work:
            for entitlement_id in pair.ids():
                page = reading.list_redemptions(work, page=Paging(limit=10), entitlement_id=entitlement_id)
                assert [item["id"] for item in page["items"]] == made


class TestCost:
    def test_a_batch_for_merged_people_takes_as_many_statements_as_one_event(self, city: City) -> None:
        story = Story(city)

        def batch(count: int) -> int:
            people = [uuid7() for _ in range(count)]
            city.hear_merges(*[merge_event(person, uuid7()) for person in people])
            with city.statements() as sent:
                city.hear(*[city.affiliation(person, story.university) for person in people])
            return len(sent)

        assert batch(50) == batch(1) <= 12
