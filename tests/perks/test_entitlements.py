"""Entitlements follow the facts by themselves: granted, suspended, reinstated, whatever comes first."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.ids import uuid7
from tests.perks.conftest import NOW, City


class TestGranting:
    def test_grants_a_student_of_the_set_without_being_asked(self, city: City) -> None:
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


MOVES = st.lists(
    st.tuples(
        st.integers(0, 2),  # person
        st.integers(0, 1),  # university: only the first is in the set
        st.sampled_from(["student", "staff", "volunteer"]),
        st.lists(st.sampled_from(["reported", "confirmed", "ended"]), min_size=1, max_size=3),
        st.sampled_from([None, "2026-01-01", "2027-01-01"]),
    ),
    min_size=1,
    max_size=5,
)


class TestOrder:
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(moves=MOVES, data=st.data())
    def test_any_order_duplication_and_split_ends_in_the_same_entitlements(
        self, city: City, moves: list[Any], data: st.DataObject
    ) -> None:
        with city.engine.begin() as connection:
            tables = "people, affiliations, entitlements, schemes, scheme_relations, organisation_sets, set_members"
            connection.exec_driver_sql(f"truncate {tables}, evaluation_runs, outbox, history")
        universities = [city.organisation(), city.organisation()]
        people = [uuid7() for _ in range(3)]
        events, expected = _told(city, moves, people, universities)
        shuffled = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=4))))
        steps: list[Any] = [("set", None), ("scheme", None)]
        while shuffled:
            size = data.draw(st.integers(1, len(shuffled)))
            steps.append(("hear", shuffled[:size]))
            shuffled = shuffled[size:]
        for what, batch in data.draw(st.permutations(steps)):
            if what == "set":
                city.publish_set("universities", 1, universities[:1])
            elif what == "scheme":
                city.publish_scheme()
            else:
                city.hear(*batch)
        city.settle()
        active = {person for person, state in city.states().items() if state == "active"}
        assert active == expected


def _told(city: City, moves: list[Any], people: list[Any], universities: list[Any]) -> tuple[list[Any], set[Any]]:
    """The events of the moves, and by the plainest reading of them who is entitled on the day of the test."""
    events, expected = [], set()
    for person, university, role, states, until_on in moves:
        affiliation = uuid7()
        for version, state in enumerate(states, start=1):
            until = until_on if state != "ended" else "2026-11-01"
            events.append(
                city.affiliation(
                    people[person],
                    universities[university],
                    affiliation_id=affiliation,
                    version=version,
                    role=role,
                    state=state,
                    until_on=until,
                )
            )
        holds = until_on is None or until_on == "2027-01-01"
        if states[-1] == "confirmed" and university == 0 and role != "volunteer" and holds:
            expected.add(people[person])
    return events, expected
