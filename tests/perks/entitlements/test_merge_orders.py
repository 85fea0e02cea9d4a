"""Merges that come late, twice, in reverse, beside an evaluation or sent again end as they would in order."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chassis.ground.ids import uuid7
from chassis.store.work import open_work
from contracts.language.envelope import Event
from services.perks.entitlements import evaluation, triggers
from tests.perks.conftest import NOW, City, Pair, Story, merge_event
from tests.support.servers import truncate


class TestOrders:
    """Whatever comes late, twice or in reverse ends as it does in order."""

    @pytest.mark.parametrize("last", ["merged", "undone", "merged elsewhere"])
    def test_of_every_kind_end_alike(self, city: City, last: str) -> None:
        pair, other = Pair(city), uuid7()
        city.scan(pair.other_token, pair.area, "n1")
        start = self._tables(city)
        events = [merge_event(pair.other_person, pair.survivor), merge_event(pair.other_person, None, version=3)]
        events = {
            "merged": [*events, merge_event(pair.other_person, pair.survivor, version=4)],
            "undone": events,
            "merged elsewhere": [*events, merge_event(pair.other_person, other, version=4)],
        }[last]
        ends = []
        for order in itertools.permutations(events):
            self._restore(city, start)
            for event in (*order, order[0]):
                city.hear_merges(replace(event, id=uuid7()))
            ends.append(city.holdings())
            self._restore(city, start)
            city.hear_merges(*order)
            ends.append(city.holdings())
        assert all(end == ends[0] for end in ends)

    def test_of_the_reports_too_grant_the_same(self, city: City) -> None:
        university, person, survivor = city.organisation(), uuid7(), uuid7()
        city.publish_set("universities", 1, [university])
        city.publish_scheme()
        steps: list[Callable[[], None]] = [
            lambda: city.hear(city.affiliation(person, university)),
            lambda: city.hear(city.affiliation(survivor, university)),
            lambda: city.merge(person, survivor),
        ]
        for order in itertools.permutations(steps):
            truncate(city.engine, "affiliations, people, entitlements, merged_people, evaluation_runs")
            for step in order:
                step()
            active = city.rows("select person_id from entitlements where state = 'active'")
            assert [row.person_id for row in active] == [survivor]

    def test_where_the_survivor_seems_to_be_merged_too_wait_for_what_is_missing(self, city: City) -> None:
        """The merge into the survivor was undone before the survivor was merged, and is heard of last."""
        pair, third = Pair(city), uuid7()
        city.hear(city.affiliation(third, pair.university))
        pair.merge()
        city.merge(pair.survivor, third)
        pair.undo()
        assert city.states() == {third: "active", pair.other_person: "active", pair.survivor: "suspended"}

    def test_of_a_link_that_an_evaluation_did_not_know_are_mended(self, city: City) -> None:
        """The copies were emptied; the person was granted a second one before the merge was sent again."""
        story, survivor = Story(city), uuid7()
        city.merge(story.person, survivor)
        truncate(city.engine, "merged_people")
        with city.work() as work:
            evaluation.evaluate(work, evaluation.lock_people(work, [story.person, survivor]))
        assert city.states() == {story.person: "active", survivor: "suspended"}
        city.merge(story.person, survivor)
        assert city.states() == {story.person: "suspended", survivor: "active"}
        city.merge(story.person, None, version=3)
        assert city.states() == {story.person: "active", survivor: "suspended"}

    def test_of_an_evaluation_at_the_same_moment_wait_for_its_end(self, city: City) -> None:
        story, person = Story(city), uuid7()
        with ThreadPoolExecutor(1) as pool:
            with city.work() as work:
                triggers.affiliations_changed(work, [city.affiliation(person, story.university)])
                merged = pool.submit(city.merge, person, story.person)
                city.await_a_waiter()
            merged.result()
        assert city.states() == {story.person: "active", person: "suspended"}

    def _tables(self, city: City) -> dict[str, list[str]]:
        return {
            table: [row[0] for row in city.rows(f"select row_to_json(t)::text from {table} t")]
            for table in ("entitlements", "people", "redemptions")
        }

    def _restore(self, city: City, start: dict[str, list[str]]) -> None:
        truncate(city.engine, f"merged_people, {', '.join(start)}")
        with city.engine.begin() as connection:
            for table, documents in start.items():
                sql = f"insert into {table} select * from json_populate_recordset(null::{table}, %s::json)"
                connection.exec_driver_sql(sql, (f"[{','.join(documents)}]",))


class TestSentAgain:
    def test_a_merge_moves_at_once_and_is_decided_later_as_a_replay(self, city: City) -> None:
        story, survivor = Story(city), uuid7()
        story.end("2026-11-23")
        city.hear(city.affiliation(survivor, story.university, state="reported"))
        self._again(city, merge_event(story.person, survivor))
        assert city.states() == {survivor: "suspended"}
        assert [tuple(row) for row in city.rows("select replay, finished_at from evaluation_runs where replay")] == [
            (True, None)
        ]
        count = len(city.announced())
        city.settle()
        assert city.states() == {survivor: "suspended"}
        assert len(city.announced()) == count

    def test_a_merge_that_is_known_changes_nothing(self, city: City) -> None:
        pair = Pair(city)
        pair.admits(pair.other_token, "n1")
        pair.merge()
        before, told = city.holdings(), city.announced()
        self._again(city, merge_event(pair.other_person, pair.survivor))
        city.settle()
        assert (city.holdings(), city.announced()) == (before, told)

    def _again(self, city: City, event: Event) -> None:
        with open_work(city.engine, now=NOW, replay=True) as work:
            triggers.people_merged(work, [replace(event, id=uuid7(), replay=True)])
