"""What talent counts of organisations, people and affiliations, as of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert, update

from contracts import figures as schemas
from contracts.talent import affiliations as affiliation_schemas
from services.talent import affiliations, figures, organisations, people
from services.talent.affiliations.tables import Affiliation
from services.talent.people.tables import Person
from services.talent.registers.tables import RegisterEntry, RegisterKind, RegisterParty
from tests.support.servers import Make
from tests.talent.conftest import City

FIRST = dt.datetime(2026, 9, 1, 15, 59, tzinfo=dt.UTC)  # 23:59 in Shanghai
SECOND = FIRST + dt.timedelta(minutes=1)  # the next day there


@pytest.fixture
def town(migrated_database: Make) -> Iterator[City]:
    made = City(migrated_database("talent"))
    yield made
    made.close()


def register(town: City, name: str, at: dt.datetime, kind: str = "university") -> dict[str, Any]:
    with town.work(now=at) as work:
        return organisations.register_organisation(work, kind=kind, name=name)


def person(town: City, number: str, at: dt.datetime = FIRST, department: str = "education") -> Any:
    with town.work(department, now=at) as work:
        given = {"name": "张三", "id_type": "passport", "id_number": number, "phone": None}
        return people.register_person(work, keys=town.keys, **given)["id"]


def count(town: City, mechanism: str, day: str, *, count: str = "records", kind: str = "stock", **of: Any) -> Any:
    """The value; the list has as many records."""
    body = {"key": "x", "count": count, "kind": kind, "of": {"mechanism": mechanism, **of}}
    figure = schemas.Counting().load(body)
    on = dt.date.fromisoformat(day)
    with town.work(now=SECOND + dt.timedelta(days=9)) as work:
        (found,) = figures.count_figures(work, figures=[figure], as_of=on)["items"]
        page = figures.list_figure_records(work, figure=figure, as_of=on, limit=200)
    assert len(page["items"]) == found["n_records"]
    assert {one for row in page["items"] for one in row["reported_by"]} == set(found["reported_by"])
    return found["value"]


class TestOrganisationsAndPeople:
    def test_count_from_their_day_in_shanghai_on(self, town: City) -> None:
        register(town, "甲大学", FIRST)
        register(town, "乙大学", SECOND)
        register(town, "丙景区", SECOND, kind="scenic_area")
        for department, at in (("education", FIRST), ("youth_league", SECOND)):
            person(town, "E12345678", at, department)
        days = ("2026-08-31", "2026-09-01", "2026-09-02")
        assert [count(town, "people", day, count="persons") for day in days] == [None, 1, 1]
        assert [count(town, "organisations", day) for day in days] == [None, 1, 3]
        assert [count(town, "organisations", day, kinds=["university"]) for day in days] == [None, 1, 2]
        assert [count(town, "organisations", day, kind="flow") for day in days] == [None, 1, 3]

    def test_a_later_closing_does_not_change_an_earlier_day(self, town: City) -> None:
        made = register(town, "甲大学", FIRST)
        with town.work(now=SECOND) as work:
            organisations.change_organisation(
                work, organisation_id=made["id"], version=1, changes={"status": "closed", "name": "甲学院"}
            )
        with town.work(now=SECOND + dt.timedelta(days=1)) as work:
            organisations.change_organisation(work, organisation_id=made["id"], version=2, changes={"status": "active"})
        assert [count(town, "organisations", f"2026-09-0{day}") for day in (1, 2, 3)] == [1, None, 1]

    def test_of_two_changes_the_one_that_waited_longer_for_the_record_counts_as_the_last(self, town: City) -> None:
        made = register(town, "甲大学", FIRST - dt.timedelta(hours=1))
        with town.work(now=FIRST) as late:  # begins first, and is held up
            with town.work(now=FIRST + dt.timedelta(seconds=1)) as work:
                change = {"organisation_id": made["id"], "version": 1, "changes": {"status": "closed"}}
                organisations.change_organisation(work, **change)
            change = {"organisation_id": made["id"], "version": 2, "changes": {"status": "active"}}
            organisations.change_organisation(late, **change)
        assert count(town, "organisations", "2026-09-01") == 1


class TestAffiliations:
    def test_count_people_once_and_what_ended_later_was_current_before(self, town: City) -> None:
        firm, other = (town.university() for _ in range(2))
        workers = [person(town, f"E1234567{number}") for number in range(3)]
        for worker, at in ((workers[0], firm), (workers[1], firm), (workers[0], other)):
            affiliate(town, worker, at, "2026-01-01")
        affiliate(town, workers[2], firm, "2026-03-01", "2026-05-01")
        days = ("2025-12-31", "2026-02-28", "2026-04-30", "2026-05-01")
        of = {"kinds": ["employee"], "states": ["current"]}
        assert [count(town, "affiliations", day, count="persons", **of) for day in days] == [None, 2, 3, 2]
        assert [count(town, "affiliations", day, count="organisations", **of) for day in days] == [None, 2, 2, 2]
        assert count(town, "affiliations", "2026-12-31", count="persons", kind="flow", **of) == 3
        by = {"where": {"reported_by": "education"}, **of}
        assert count(town, "affiliations", "2026-04-30", count="persons", **by) == 3
        assert (
            count(town, "affiliations", "2026-04-30", count="persons", **{**by, "where": {"reported_by": "x"}}) is None
        )

    def test_a_person_merged_into_another_counts_as_that_one(self, town: City) -> None:
        firm, other = (town.university() for _ in range(2))
        first, second = person(town, "E12345671"), person(town, "E12345672")
        affiliate(town, first, firm, "2026-01-01")
        affiliate(town, second, other, "2026-01-01")
        of = {"kinds": ["employee"], "states": ["current"]}
        assert count(town, "affiliations", "2026-04-30", count="persons", **of) == 2
        with town.work() as work:
            work.session.execute(update(Person).where(Person.id == second).values(merged_into=first))
        assert count(town, "affiliations", "2026-04-30", count="persons", **of) == 1
        assert count(town, "affiliations", "2026-04-30", **of) == 2

    def test_of_organisations_that_are_on_a_register_on_the_day(self, town: City) -> None:
        inside, outside, site = (town.university() for _ in range(3))
        for number, at in enumerate((inside, outside, site)):
            affiliate(town, person(town, f"E1234567{number}"), at, "2026-01-01")
        berth(town, inside, site, "2026-02-01", "2026-06-01")
        of = {"kinds": ["employee"], "states": ["current"], "where": {"organisation_in": "berth"}}
        days = ("2026-01-31", "2026-02-01", "2026-05-31", "2026-06-01")
        assert [count(town, "affiliations", day, count="persons", **of) for day in days] == [None, 1, 1, None]
        assert count(town, "affiliations", days[1], count="organisations", role="site", **of) == 1

    @pytest.mark.skipif("fields" not in Affiliation.__table__.columns, reason="affiliations have no fields yet")
    def test_narrowed_by_a_declared_field(self, town: City) -> None:
        firm = town.university()
        made = [affiliate(town, person(town, f"E1234567{number}"), firm, "2026-01-01") for number in range(3)]
        with town.work() as work:
            table = Affiliation.__table__
            work.session.execute(table.update().where(table.c.id == made[0]).values(fields={"fresh": True}))
        of = {"kinds": ["employee"], "states": ["current"], "where": {"fresh": True}}
        assert count(town, "affiliations", "2026-04-30", count="persons", **of) == 1


def affiliate(town: City, person_id: Any, organisation_id: Any, from_on: str, until_on: str | None = None) -> Any:
    report = {
        "person_id": str(person_id),
        "organisation_id": str(organisation_id),
        "role": "employee",
        "from_on": from_on,
        "until_on": until_on,
    }
    given = affiliation_schemas.ReportAffiliation().load(report)
    with town.work(now=SECOND) as work:
        return affiliations.report_affiliation(work, **given)["id"]


def berth(town: City, tenant: Any, site: Any, running_on: str, ended_on: str) -> None:
    """A kind of register with two roles, and one entry."""
    entry = town.university()
    at = {"created_at": FIRST, "updated_at": FIRST, "version": 1}
    kind = {"key": "berth", "name": {}, "programme": "x01", "declared": [], "natural_key": [], "states": [], **at}
    days = {"running_on": dt.date.fromisoformat(running_on), "ended_on": dt.date.fromisoformat(ended_on)}
    about = {"id": entry, "kind_key": "berth", "identity": "i", "title": "t", "title_key": "t", "fields": {}}
    with town.work() as work:
        parties = [{"role": "tenant"}, {"role": "site"}]
        work.session.execute(insert(RegisterKind), [{**kind, "parties": parties, "reporters": []}])
        work.session.execute(insert(RegisterEntry), [{**about, **days, **at}])
        for role, party in (("tenant", tenant), ("site", site)):
            row = {"entry_id": entry, "role": role, "party_id": party, "organisation_id": party}
            work.session.execute(insert(RegisterParty), [row])
