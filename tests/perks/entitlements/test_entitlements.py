"""Entitlements follow the facts by themselves: granted, suspended, reinstated, each with its reasons."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from chassis.ground.ids import uuid7
from contracts import perks as schemas
from contracts.language.paging import Paging
from services.perks import entitlements
from services.perks.entitlements import evaluation, triggers
from tests.perks.conftest import NOW, SCHEME, City, organisation_event
from tests.support.threads import at_once


class TestGranting:
    def test_grants_a_student_of_the_set_without_an_application(self, city: City) -> None:
        university, person = city.organisation(), uuid7()
        city.publish_set("universities", 1, [university])
        city.publish_scheme()
        city.hear(city.affiliation(person, university))
        assert city.states() == {person: "active"}
        assert city.count("select count(*) from outbox where type = 'perks.entitlement.granted.v1'") == 1
        assert city.count("select count(*) from history where subject = 'entitlement'") == 1

    def test_grants_nothing_to_the_unconfirmed_the_outsider_and_the_wrong_role(self, city: City) -> None:
        inside, outside = city.organisation(), city.organisation()
        city.publish_set("universities", 1, [inside])
        city.publish_scheme()
        city.hear(
            city.affiliation(uuid7(), inside, state="reported"),
            city.affiliation(uuid7(), outside),
            city.affiliation(uuid7(), inside, role="volunteer"),
        )
        assert city.states() == {}

    def test_grants_when_the_scheme_comes_after_the_roster(self, city: City) -> None:
        university = city.organisation()
        people = [uuid7() for _ in range(450)]
        city.publish_set("universities", 1, [university])
        city.hear(*[city.affiliation(person, university) for person in people])
        assert city.states() == {}
        city.publish_scheme()
        city.settle()
        assert city.states() == dict.fromkeys(people, "active")

    def test_grants_when_a_twentieth_university_joins_the_set(self, city: City) -> None:
        first, twentieth = city.organisation(), city.organisation()
        old, new = uuid7(), uuid7()
        city.publish_set("universities", 1, [first])
        city.publish_scheme()
        city.hear(city.affiliation(old, first), city.affiliation(new, twentieth))
        assert city.states() == {old: "active"}
        city.publish_set("universities", 2, [first, twentieth])
        city.settle()
        assert city.states() == {old: "active", new: "active"}

    def test_says_why_with_the_clause_and_its_source(self, city: City) -> None:
        university, person = city.organisation(), uuid7()
        city.publish_set("universities", 1, [university])
        city.publish_scheme()
        city.hear(city.affiliation(person, university))
        with city.engine.connect() as connection:
            (reasons,) = connection.execute(text("select reasons from entitlements")).scalars()
        assert reasons == [
            {
                "clause": "member",
                "met": True,
                "message": {"zh-CN": "须为师生。", "en": "Must be a member."},
                "source": "P35",
            }
        ]


class TestSuspending:
    def test_suspends_when_the_affiliation_ends_and_reinstates_when_another_begins(self, city: City) -> None:
        university, person, affiliation = city.organisation(), uuid7(), uuid7()
        city.publish_set("universities", 1, [university])
        city.publish_scheme()
        city.hear(city.affiliation(person, university, affiliation_id=affiliation))
        ended = city.affiliation(
            person, university, affiliation_id=affiliation, version=2, state="ended", until_on="2026-11-23"
        )
        city.hear(ended)
        assert city.states() == {person: "suspended"}
        city.hear(city.affiliation(person, university, role="staff"))
        assert city.states() == {person: "active"}
        assert city.count("select count(*) from entitlements") == 1

    def test_suspends_on_the_day_a_validity_date_passes(self, city: City) -> None:
        university, person = city.organisation(), uuid7()
        city.publish_set("universities", 1, [university])
        city.publish_scheme()
        city.hear(city.affiliation(person, university, until_on="2026-12-01"))
        city.settle(now=NOW + dt.timedelta(days=7))
        assert city.states() == {person: "active"}
        city.settle(now=NOW + dt.timedelta(days=8))
        assert city.states() == {person: "suspended"}

    def test_grants_on_the_day_enrolment_begins(self, city: City) -> None:
        university, person = city.organisation(), uuid7()
        city.publish_set("universities", 1, [university])
        city.publish_scheme()
        city.hear(city.affiliation(person, university, from_on="2026-12-01"))
        assert city.states() == {}
        city.settle(now=NOW + dt.timedelta(days=8))
        assert city.states() == {person: "active"}


class TestExplaining:
    def test_keeps_what_the_clauses_saw_down_to_the_record(self, city: City) -> None:
        university, person, affiliation = city.organisation(), uuid7(), uuid7()
        city.publish_set("universities", 1, [university])
        city.publish_scheme()
        city.hear(city.affiliation(person, university, affiliation_id=affiliation))
        assert _shown(city)["facts"] == [
            {
                "affiliation_id": str(affiliation),
                "version": 1,
                "organisation_id": str(university),
                "organisation_kind": "university",
                "role": "student",
                "state": "confirmed",
                "set_keys": ["universities"],
                "from_on": "2024-09-01",
                "until_on": None,
                "current": True,
            }
        ]

    def test_shows_its_present_grounds_and_announces_nothing_when_only_they_change(self, city: City) -> None:
        university, person = city.organisation(), uuid7()
        city.publish_set("universities", 1, [university])
        city.publish_scheme()
        city.hear(city.affiliation(person, university))
        before = _shown(city)
        city.hear(city.affiliation(person, university, role="volunteer"))
        after = _shown(city)
        assert [fact["role"] for fact in after["facts"]] == ["student", "volunteer"]
        assert after["version"] == before["version"] + 1, "its ETag"
        assert city.count("select count(*) from outbox where type like 'perks.entitlement.%'") == 1
        assert city.count("select count(*) from history where subject = 'entitlement'") == 1

    def test_stands_on_the_newest_version_of_its_scheme(self, city: City) -> None:
        university, person = city.organisation(), uuid7()
        city.publish_set("universities", 1, [university])
        city.publish_scheme()
        city.hear(city.affiliation(person, university))
        city.publish_scheme(version=1, source="P35, second edition")
        city.settle()
        assert (_shown(city)["scheme_version"], _shown(city)["state"]) == (2, "active")

    def test_names_the_clauses_that_failed_in_the_history(self, city: City) -> None:
        university, person, affiliation = city.organisation(), uuid7(), uuid7()
        city.publish_set("universities", 1, [university])
        city.publish_scheme()
        city.hear(city.affiliation(person, university, affiliation_id=affiliation))
        about = {"affiliation_id": affiliation, "version": 2, "state": "ended", "until_on": "2026-11-01"}
        city.hear(city.affiliation(person, university, **about))
        assert [
            tuple(row) for row in city.rows("select to_state, reason from history where subject = 'entitlement'")
        ] == [
            ("active", None),
            ("suspended", "member"),
        ]


def _shown(city: City) -> dict[str, Any]:
    """The one entitlement there is, as its record."""
    with city.work() as work:
        (one,) = entitlements.list_entitlements(work, page=Paging(limit=10))["items"]
        return dict(schemas.Entitlement().dump(entitlements.get_entitlement(work, entitlement_id=one["id"])))


class TestCost:
    @pytest.mark.parametrize("step", ["grant", "suspend", "reinstate"])
    def test_a_batch_takes_as_many_statements_as_one_event(self, city: City, step: str) -> None:
        university = city.organisation()
        city.publish_set("universities", 1, [university])
        city.publish_scheme()

        def batch(count: int) -> int:
            people = [(uuid7(), uuid7()) for _ in range(count)]
            states = {
                "grant": ["confirmed"],
                "suspend": ["confirmed", "ended"],
                "reinstate": ["confirmed", "ended", "confirmed"],
            }
            for version, state in enumerate(states[step], 1):
                about = {"version": version, "state": state, "until_on": "2026-11-01" if state == "ended" else None}
                events = [city.affiliation(who, university, affiliation_id=what, **about) for who, what in people]
                with city.statements() as sent:
                    city.hear(*events)
            return len(sent)

        assert batch(100) == batch(1) <= 12


class TestMeanwhile:
    """What is published at the very moment somebody is evaluated is not missed. No other run is open to make up for it."""

    def test_an_organisation_heard_of_during_an_evaluation_counts(self, city: City) -> None:
        clause = {**SCHEME["clauses"][0], "expr": "affiliations.exists(a, a.organisation_kind == 'university')"}
        city.publish_scheme(clauses=[clause])
        city.settle()
        university, person = uuid7(), uuid7()
        with ThreadPoolExecutor(1) as pool:
            with city.work() as work:
                affiliation = city.affiliation(person, university)
                triggers.affiliations_changed(work, [affiliation])
                heard = pool.submit(city.hear_organisations, organisation_event(university))
                city.await_a_waiter()
            heard.result()
        city.settle()
        assert city.states() == {person: "active"}

    def test_a_scheme_published_during_an_evaluation_counts(self, city: City) -> None:
        university, person = city.organisation(), uuid7()
        city.publish_set("universities", 1, [university])
        city.settle()
        with ThreadPoolExecutor(1) as pool:
            with city.work() as work:
                affiliation = city.affiliation(person, university)
                triggers.affiliations_changed(work, [affiliation])
                published = pool.submit(city.publish_scheme)
                city.await_a_waiter()
            published.result()
        city.settle()
        assert city.states() == {person: "active"}

    def test_a_set_published_during_an_evaluation_counts(self, city: City) -> None:
        university, person = city.organisation(), uuid7()
        city.publish_scheme()
        city.settle()
        with ThreadPoolExecutor(1) as pool:
            with city.work() as work:
                affiliation = city.affiliation(person, university)
                triggers.affiliations_changed(work, [affiliation])
                published = pool.submit(city.publish_set, "universities", 1, [university])
                city.await_a_waiter()
            published.result()
        city.settle()
        assert city.states() == {person: "active"}

    def test_two_replicas_share_the_chunks_and_grant_each_once(self, city: City) -> None:
        university = city.organisation()
        people = [uuid7() for _ in range(450)]
        city.publish_set("universities", 1, [university])
        city.hear(*[city.affiliation(person, university) for person in people])
        city.publish_scheme()
        at_once(lambda number: city.settle(), 2)
        assert city.states() == dict.fromkeys(people, "active")
        assert city.count("select count(*) from outbox where type = 'perks.entitlement.granted.v1'") == 450

    def test_a_run_goes_on_where_it_was_interrupted(self, city: City) -> None:
        university = city.organisation()
        people = [uuid7() for _ in range(450)]
        city.publish_set("universities", 1, [university])
        city.hear(*[city.affiliation(person, university) for person in people])
        city.settle()
        city.publish_scheme()
        with city.work() as work:
            evaluation.run_chunk(work)
        with pytest.raises(ZeroDivisionError), city.work() as work:  # the process ends in the second chunk
            1 / int(not evaluation.run_chunk(work))
        assert len(city.states()) == evaluation.CHUNK
        city.settle()
        assert len(city.states()) == 450
