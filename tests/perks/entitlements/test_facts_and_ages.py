"""Schemes by verified facts and by age: granted when they come, suspended when they go, on the day itself and without a scan."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any
from uuid import UUID

import pytest

from chassis.ground.ids import uuid7
from chassis.store.work import open_work
from contracts import perks as schemas
from contracts.language.envelope import Event
from contracts.language.paging import Paging
from services.perks import entitlements
from services.perks.entitlements import evaluation, triggers
from services.perks.entitlements import rules as eligibility
from services.perks.rules.ages import age_on, next_birthday
from tests.perks.conftest import CLAUSE, NOW, SCHEME, TODAY, City
from tests.support.facts import event

INSURED = "facts.exists(f, f.current && f.kind == 'insured' && f.fields.year == 2026)"
YOUNG = "age >= 18 && age < 25"


def clause(expression: str) -> list[dict[str, Any]]:
    return [{**SCHEME["clauses"][0], "id": "rule", "expr": expression}]


def fact(person_id: UUID, *, fact_id: UUID | None = None, version: int = 1, **stated: Any) -> Event:
    data = {
        "fact_id": str(fact_id or uuid7()),
        "version": version,
        "person_id": str(person_id),
        "kind_key": "insured",
        "department": "insurance",
        "state": "confirmed",
        "from_on": "2026-01-01",
        "until_on": None,
        "fields": {"year": 2026},
        **stated,
    }
    return event(f"talent.fact.{data['state']}.v1", data["fact_id"], version, data)


def born(person_id: UUID, month: str | None, *, version: int = 1) -> Event:
    data = {"person_id": str(person_id), "version": version, "merged_into": None, "born_month": month}
    return event("talent.person.registered.v1", person_id, version, data)


def hear(city: City, take: Any, *events: Event, now: dt.datetime = NOW) -> None:
    with city.work(now=now) as work:
        take(work, list(events))


def due(city: City) -> dict[UUID, dt.date | None]:
    return {row.id: row.next_check_on for row in city.rows("select id, next_check_on from people")}


def at(day: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day}T02:00:00+00:00")


class TestFacts:
    def test_grant_suspend_and_reinstate_whoever_has_them(self, city: City) -> None:
        city.publish_scheme(clauses=clause(INSURED))
        one, other, known = uuid7(), uuid7(), uuid7()
        of_last_year = fact(other, fields={"year": 2025})
        hear(city, triggers.facts_changed, fact(one, fact_id=known), of_last_year)
        assert city.states() == {one: "active"}
        with city.work() as work:
            (shown,) = entitlements.list_entitlements(work, page=Paging(limit=10))["items"]
        (verified,) = schemas.Entitlement().dump(shown)["verified"]
        assert (verified["fact_id"], verified["kind_key"], verified["fields"]) == (
            str(known),
            "insured",
            {"year": 2026},
        )
        ended = {"version": 2, "state": "ended", "until_on": "2026-11-01"}
        hear(city, triggers.facts_changed, fact(one, fact_id=known, **ended))
        assert city.states() == {one: "suspended"}
        hear(city, triggers.facts_changed, fact(one, fact_id=known, version=3))
        assert city.announced() == ["granted", "suspended", "reinstated"]

    def test_suspend_on_the_day_one_runs_out_before_anybody_says_so(self, city: City) -> None:
        city.publish_scheme(clauses=clause(INSURED))
        city.settle()
        one, other = uuid7(), uuid7()
        hear(city, triggers.facts_changed, fact(one, until_on="2026-12-24"), fact(other))
        assert due(city) == {one: dt.date(2026, 12, 24), other: None}
        city.settle(now=at("2026-12-23"))
        assert city.states() == {one: "active", other: "active"}
        with city.statements() as sent:
            city.settle(now=at("2026-12-24"))
        assert city.states() == {one: "suspended", other: "active"}
        assert len(sent) < 30

    def test_end_alike_in_any_order_and_number(self, city: City) -> None:
        known = uuid7()
        for order in itertools.permutations(range(4)):
            person = uuid7()
            announced = [
                fact(person, fact_id=known, version=1),
                fact(person, fact_id=known, version=2, until_on="2027-01-01"),
                fact(person, fact_id=known, version=3, state="ended", until_on="2026-11-01"),
                fact(person, fact_id=known, version=2, until_on="2027-01-01"),
            ]
            if order == (0, 1, 2, 3):
                city.publish_scheme(clauses=clause(INSURED))
            for number in order:
                hear(city, triggers.facts_changed, announced[number])
            assert city.states().get(person, "none") in ("suspended", "none")
            known = uuid7()
        city.settle()
        assert set(city.states().values()) == {"suspended"}

    def test_of_a_merged_person_count_for_the_survivor_alone(self, city: City) -> None:
        city.publish_scheme(clauses=clause(f"{INSURED} && {YOUNG}"))
        survivor, merged = uuid7(), uuid7()
        hear(city, triggers.people_registered, born(survivor, None), born(merged, "2003-05"))
        hear(city, triggers.facts_changed, fact(merged))
        assert city.states() == {merged: "active"}
        city.merge(merged, survivor)
        assert city.states() == {survivor: "active"}
        city.merge(merged, None, version=3)
        assert city.states() == {merged: "active"}


class TestAges:
    def test_change_on_the_first_day_of_the_month_after_the_birthday_for_those_alone(self, city: City) -> None:
        city.publish_scheme(clauses=clause(YOUNG))
        city.settle()
        leaves, comes, other, nobody_knows = (uuid7() for _ in range(4))
        months = ((leaves, "2001-11"), (comes, "2008-11"), (other, "2003-05"), (nobody_knows, None))
        hear(city, triggers.people_registered, *(born(person, month) for person, month in months))
        assert city.states() == {leaves: "active", other: "active"}
        december, june = dt.date(2026, 12, 1), dt.date(2027, 6, 1)
        assert due(city) == {leaves: december, comes: december, other: june, nobody_knows: None}
        city.settle(now=at("2026-11-30"))
        assert city.states() == {leaves: "active", other: "active"}
        city.settle(now=at("2026-12-01"))
        assert city.states() == {leaves: "suspended", other: "active", comes: "active"}
        assert due(city)[leaves] == dt.date(2027, 12, 1)

    def test_a_scheme_published_later_comes_to_those_of_whom_only_the_month_is_known(self, city: City) -> None:
        people = [uuid7() for _ in range(5)]
        hear(city, triggers.people_registered, *(born(one, "2003-05") for one in people), born(uuid7(), None))
        assert city.count("select count(*) from people") == 0
        city.publish_scheme(clauses=clause(YOUNG))
        city.settle()
        assert city.states() == dict.fromkeys(people, "active")
        city.publish_scheme(version=1, clauses=clause("age > 60"))
        city.settle()
        assert set(city.states().values()) == {"suspended"}

    def test_a_month_sent_again_is_evaluated_with_everybody(self, city: City) -> None:
        city.publish_scheme(clauses=clause(YOUNG))
        city.settle()
        person = uuid7()
        with open_work(city.engine, now=NOW, replay=True) as work:
            triggers.people_registered(work, [born(person, "2003-05")])
        assert city.states() == {}
        city.settle()
        assert city.states() == {person: "active"}

    @pytest.mark.parametrize(
        ("month", "day", "age", "changes_on"),
        [
            ("2000-03", "2026-03-31", 25, "2026-04-01"),
            ("2000-03", "2026-04-01", 26, "2027-04-01"),
            ("2000-12", "2026-12-31", 25, "2027-01-01"),
            ("2000-12", "2027-01-01", 26, "2028-01-01"),
            ("2026-11", "2026-11-23", 0, "2026-12-01"),
        ],
    )
    def test_are_reached_once_the_month_is_over(self, month: str, day: str, age: int, changes_on: str) -> None:
        first, today = dt.date.fromisoformat(f"{month}-01"), dt.date.fromisoformat(day)
        assert age_on(first, today) == age
        assert next_birthday(first, today) == dt.date.fromisoformat(changes_on)
        assert (age_on(None, today), next_birthday(None, today)) == (-1, None)


class TestNames:
    def test_those_a_scheme_uses_are_found_and_tried_on_samples(self) -> None:
        assert eligibility.names_in(clause(CLAUSE)) == frozenset()
        assert eligibility.names_in(clause(f"{INSURED} && {YOUNG}")) == {"facts", "age"}
        for expression in (INSURED, YOUNG, "facts.all(f, f.department == 'sample') || today > '2026'"):
            assert eligibility.flaw_of(expression) is None
        assert eligibility.flaw_of("facts.exists(f, f.fields.year == 2026)")

    def test_no_statement_is_sent_for_what_no_scheme_uses(self, city: City) -> None:
        city.publish_scheme(clauses=clause(CLAUSE))
        university, people = city.organisation(), [uuid7() for _ in range(20)]
        counts = []
        for number, expression in enumerate((CLAUSE, f"{CLAUSE} || {YOUNG}", f"size(facts) > 0 || {YOUNG}")):
            if number:
                city.publish_scheme(version=number, clauses=clause(expression))
            with city.statements() as sent:
                hear(city, triggers.affiliations_changed, *(city.affiliation(one, university) for one in people))
            counts.append(len(sent))
        assert [counts[1] - counts[0], counts[2] - counts[1]] == [1, 1]

    def test_a_scan_sees_a_birthday_before_the_timer_does(self, city: City) -> None:
        city.publish_scheme(clauses=clause(YOUNG))
        person = uuid7()
        hear(city, triggers.people_registered, born(person, "2001-11"))
        with city.work() as work:
            wanted = {"person_id": person, "scheme_key": "scenic_areas"}
            assert evaluation.is_entitled_on(work, **wanted, day=TODAY)
            assert not evaluation.is_entitled_on(work, **wanted, day=dt.date(2026, 12, 1))
