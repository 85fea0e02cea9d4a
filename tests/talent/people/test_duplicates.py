"""Merging the two people of one document, and taking it back, on real PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from chassis.rebuilding.republish import Page
from chassis.store.work import Caller, open_reading, open_work
from contracts.figures import Counting
from contracts.language.paging import Paging
from services.talent import affiliations, people
from services.talent.figures import count_figures
from services.talent.people import contacts, duplicates, listing, reading
from services.talent.people.duplicates import DuplicatePersonNotFound
from services.talent.people.refusals import PersonNotFound
from tests.talent.conftest import NOW, City
from tests.talent.people.reporting import again, person

LATER = NOW + dt.timedelta(days=2)


class Pair:
    """One document under two names: `survivor` of the department `ours`, `provisional` of `theirs`."""

    def __init__(self, city: City) -> None:
        self.city, self.number = city, city.id_number()
        self.ours, self.theirs = f"ours_{self.number[-9:-1]}", f"theirs_{self.number[-9:-1]}"
        self.survivor: Any = person(city, self.ours, id_number=self.number, phone="13911112222")["id"]
        self.provisional: Any = again(city, self.theirs, self.number, name="司马光", phone="13733334444")["id"]

    def merge(self) -> dict[str, Any]:
        with self.city.work(scopes=["people:all"], now=LATER) as work:
            return duplicates.merge_duplicate_person(work, provisional_id=self.provisional)

    def dismiss(self) -> dict[str, Any]:
        with self.city.work(scopes=["people:all"], now=LATER) as work:
            return duplicates.dismiss_duplicate_person(work, provisional_id=self.provisional)

    def seen_by(self, department: str, person_id: object, scopes: Sequence[str] = ()) -> dict[str, Any]:
        with self.city.work(department, scopes=scopes) as work:
            return reading.get_person(work, person_id=person_id)

    def listed_by(self, department: str, scopes: Sequence[str] = ()) -> list[object]:
        with self.city.work(department, scopes=scopes) as work:
            return [item["id"] for item in listing.list_people(work, page=Paging(limit=200))["items"]]

    def events(self) -> list[tuple[str, int]]:
        found = [(kind, version) for kind, subject, version in self.city.events() if subject == str(self.provisional)]
        return sorted(found, key=lambda one: one[1])


@pytest.fixture
def pair(city: City) -> Pair:
    return Pair(city)


def report(city: City, department: str, person_id: object, school: object, **more: object) -> dict[str, Any]:
    with city.work(department) as work:
        return affiliations.report_affiliation(
            work, person_id=person_id, organisation_id=school, role="student", from_on=dt.date(2026, 9, 1), **more
        )


def listed(city: City, department: str, person_id: object) -> list[tuple[object, object]]:
    with city.work(department) as work:
        page = affiliations.list_affiliations(work, page=Paging(limit=50), person_id=person_id)
    return [(item["id"], item["person_id"]) for item in page["items"]]


class TestMerging:
    def test_lets_both_ids_answer_as_one_person(self, pair: Pair) -> None:
        assert pair.merge()["state"] == pair.merge()["state"] == "merged"
        for department in (pair.ours, pair.theirs):
            for person_id in (pair.survivor, pair.provisional):
                found = pair.seen_by(department, person_id)
                assert (found["id"], found["reported_by"]) == (pair.survivor, [department])
            assert pair.listed_by(department) == [pair.survivor]
        # the record and its phone stay the survivor's; what foreign has reported is what it sees
        assert pair.seen_by(pair.theirs, pair.survivor)["phone_masked"] == "137****4444"
        everybody = pair.seen_by("office", pair.provisional, ["people:all"])
        assert everybody["reported_by"] == [pair.ours, pair.theirs]
        assert pair.provisional not in pair.listed_by("office", ["people:all"])
        with pytest.raises(PersonNotFound):
            pair.seen_by("stranger", pair.provisional)

    def test_is_announced_and_undone_once(self, pair: Pair) -> None:
        for move in (pair.merge, pair.merge, pair.dismiss, pair.dismiss, pair.merge, pair.dismiss):
            move()
        kinds = ("registered", "merged", "unmerged", "merged", "unmerged")
        assert pair.events() == [(f"talent.person.{kind}.v1", at) for at, kind in enumerate(kinds, start=1)]
        assert pair.seen_by(pair.theirs, pair.provisional)["id"] == pair.provisional
        with pytest.raises(PersonNotFound):
            pair.seen_by(pair.theirs, pair.survivor)
        assert pair.listed_by(pair.theirs) == [pair.provisional]

    def test_of_an_unknown_pair_is_refused(self, city: City) -> None:
        with pytest.raises(DuplicatePersonNotFound), city.work(scopes=["people:all"]) as work:
            duplicates.merge_duplicate_person(work, provisional_id=UUID(int=1))

    def test_leaves_a_report_that_is_sent_again_as_it_is(self, pair: Pair) -> None:
        city = pair.city
        school = city.university(pair.theirs)
        first = report(city, pair.theirs, pair.provisional, school)
        pair.merge()
        sent_again = again(city, pair.theirs, pair.number, name="司马光", phone="13733334444")
        assert (sent_again["id"], sent_again["verdict"], sent_again["created"]) == (pair.survivor, "unchanged", False)
        repeated = report(city, pair.theirs, sent_again["id"], school)
        assert (repeated["id"], repeated["verdict"], repeated["person_id"]) == (first["id"], "unchanged", pair.survivor)
        # what foreign reports after the merge goes with its own record when that is undone
        other = report(city, pair.theirs, pair.survivor, city.university(pair.theirs))
        pair.dismiss()
        assert {one for one, _ in listed(city, pair.theirs, pair.provisional)} == {first["id"], other["id"]}
        assert listed(city, pair.ours, pair.survivor) == []

    def test_shows_what_both_are_to_organisations(self, pair: Pair) -> None:
        city = pair.city
        theirs = report(city, pair.theirs, pair.provisional, city.university(pair.theirs))
        ours = report(city, pair.ours, pair.survivor, city.university())
        pair.merge()
        for department in (pair.ours, pair.theirs):
            for person_id in (pair.survivor, pair.provisional):
                assert listed(city, department, person_id) == [
                    (theirs["id"], pair.survivor),
                    (ours["id"], pair.survivor),
                ]
        with city.work(pair.ours) as work:
            found = affiliations.get_affiliation(work, affiliation_id=theirs["id"])
        assert found["person_id"] == pair.survivor

    def test_reaches_by_an_organisation_of_either(self, pair: Pair) -> None:
        school = pair.city.university(trusted_departments=["campus"])
        report(pair.city, pair.theirs, pair.provisional, school)
        pair.merge()
        assert pair.seen_by("campus", pair.survivor)["phone_masked"] == "139****2222"
        assert pair.listed_by("campus") == [pair.survivor]
        pair.dismiss()
        assert pair.listed_by("campus") == [pair.provisional]

    def test_gives_messages_the_address_of_the_surviving_record(self, pair: Pair) -> None:
        pair.merge()
        notify = Caller("notify", "platform", "r", broker_user="notify")
        with open_work(pair.city.engine, caller=notify, now=NOW) as work:
            ids = [pair.provisional, pair.survivor]
            found = contacts.read_contacts(work, keys=pair.city.keys, person_ids=ids, purpose="test")["items"]
        assert {one["person_id"]: one["phone"] for one in found} == dict.fromkeys(ids, "+8613911112222")

    def test_makes_a_token_for_either_one_for_both(self, pair: Pair) -> None:
        pair.merge()
        for person_id in (pair.survivor, pair.provisional):
            subject = f"person:{person_id}"
            app = Caller("app", "youth", "r", trusted=True, client_type="channel", subject=subject)
            with open_work(pair.city.engine, caller=app, now=NOW) as work:
                found = reading.get_person_ids(work, person_id=person_id)
                page = listing.list_people(work, page=Paging(limit=5))
            assert (found["id"], found["merged_ids"]) == (pair.survivor, [pair.provisional])
            assert [item["id"] for item in page["items"]] == [pair.survivor]

    def test_counts_one_person_on_every_day_for_a_merge_corrects_who_somebody_is(self, pair: Pair) -> None:
        def counted(day: dt.datetime) -> int:
            with pair.city.work(now=LATER) as work:
                of = {"mechanism": "people"}
                counting = Counting().load({"key": "x", "count": "persons", "kind": "stock", "of": of})
                (figure,) = count_figures(work, figures=[counting], as_of=day.date())["items"]
            return int(figure["value"])

        before = counted(NOW), counted(LATER)
        pair.merge()
        assert (counted(NOW), counted(LATER)) == (before[0] - 1, before[1] - 1)
        pair.dismiss()
        assert (counted(NOW), counted(LATER)) == before

    def test_is_sent_again_with_its_link(self, pair: Pair) -> None:
        pair.merge()
        with open_reading(pair.city.engine) as work:
            page = Page(ids=(str(pair.survivor), str(pair.provisional)))
            found = {state.subject_id: state for state in people.as_they_stand(work.session, page)}
        merged = found[pair.provisional]
        assert (merged.event_type, merged.data["merged_into"]) == ("talent.person.merged.v1", str(pair.survivor))
        assert found[pair.survivor].event_type == "talent.person.registered.v1"
        pair.dismiss()
        with open_reading(pair.city.engine) as work:
            (unmerged,) = people.as_they_stand(work.session, Page(ids=(str(pair.provisional),)))
        assert (unmerged.event_type, unmerged.data["merged_into"]) == ("talent.person.unmerged.v1", None)

    def test_keeps_the_link_when_the_merged_record_is_corrected(self, pair: Pair) -> None:
        pair.merge()
        again(pair.city, pair.theirs, pair.number, name="司马迁", phone="13733334444")
        assert pair.events()[-1] == ("talent.person.changed.v1", 3)
        (row,) = pair.city.rows(
            "select cast(body as jsonb) from outbox where subject_id = :id and version = 3", id=str(pair.provisional)
        )
        assert row[0]["data"]["merged_into"] == str(pair.survivor)
