"""What departments verify of a person, as they report, correct and end it, on real PostgreSQL."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from chassis.rebuilding.republish import Page
from chassis.store.versions import VersionStale
from chassis.store.work import open_reading
from contracts.language.paging import Paging
from services.talent import facts
from services.talent.facts import (
    FactEnded,
    FactEndsBeforeItBegan,
    FactInvalid,
    FactNotFound,
    NotAConfirmer,
    NotYourFact,
)
from services.talent.facts.kinds import FactKindInUse, FactKindNotFound, put_fact_kind
from services.talent.people import PersonNotFound, born_months, duplicates
from tests.talent.conftest import NOW, TODAY, City, at_once
from tests.talent.people.reporting import again, person, report_affiliation

JANUARY = dt.date(2026, 1, 1)
FIELDS = [
    {"key": "year", "name": {"zh-CN": "年度", "en": "Year"}, "type": "number", "required": True},
    {"key": "number", "name": {"zh-CN": "编号", "en": "Number"}, "type": "text"},
    {"key": "school", "name": {"zh-CN": "院校", "en": "School"}, "type": "organisation"},
]


class Insured:
    """A person, and a kind of fact that `insurance` and `education` confirm."""

    def __init__(self, city: City) -> None:
        self.city, self.key = city, f"insured.{uuid.uuid4().hex[:8]}"
        self.number = city.id_number()
        self.id: Any = person(city, "insurance", id_number=self.number)["id"]
        self.put(None)

    def put(self, version: int | None, **changes: Any) -> dict[str, Any]:
        body = {
            "name": {"zh-CN": "参保", "en": "Insured"},
            "programme": "p13",
            "declared": FIELDS,
            "holds_months": None,
        }
        with self.city.work() as work:
            return put_fact_kind(
                work, key=self.key, version=version, **{"confirmed_by": ["insurance", "education"], **body, **changes}
            )

    def report(self, department: str = "insurance", from_on: dt.date = JANUARY, **given: Any) -> dict[str, Any]:
        chosen = {"person_id": self.id, "kind_key": self.key, "from_on": from_on, "values": {"year": 2026}}
        with self.city.work(department) as work:
            return facts.report_fact(work, **chosen | given)

    def end(self, fact_id: Any, department: str = "insurance", **given: Any) -> dict[str, Any]:
        with self.city.work(department) as work:
            return facts.end_fact(work, fact_id=fact_id, **given)

    def listed(self, department: str, **filters: Any) -> list[Any]:
        with self.city.work(department, scopes=[]) as work:
            page = facts.list_facts(work, page=Paging(limit=50), kind_key=self.key, **filters)
        return [item["id"] for item in page["items"]]

    def events(self) -> list[Any]:
        rows = self.city.rows(
            "select cast(body as jsonb) as body from outbox where type like 'talent.fact.%'"
            " and cast(body as jsonb) -> 'data' ->> 'kind_key' = :key order by created_at, id",
            key=self.key,
        )
        return [row.body for row in rows]

    def announced(self) -> list[tuple[str, int]]:
        return [(body["type"].split(".")[2], body["data"]["version"]) for body in self.events()]


@pytest.fixture
def insured(city: City) -> Insured:
    return Insured(city)


def test_reported_again_unchanged_corrected_followed_and_ended(insured: Insured) -> None:
    first = insured.report(values={"year": 2026, "number": "No 7"})
    assert (first["state"], first["verdict"], first["created"], first["version"]) == ("confirmed", "accepted", True, 1)
    same = insured.report(values={"year": "2026", "number": " No 7 "})
    assert (same["id"], same["verdict"], same["version"]) == (first["id"], "unchanged", 1)
    corrected = insured.report(until_on=dt.date(2027, 1, 1), values={"year": 2026})
    assert (corrected["verdict"], corrected["version"], corrected["values"]) == ("accepted", 2, {"year": 2026})
    later = insured.report(from_on=dt.date(2026, 7, 1))
    assert later["created"] and later["until_on"] is None
    with insured.city.work("insurance") as work:
        cut = facts.get_fact(work, fact_id=first["id"])
    assert (cut["state"], cut["until_on"], cut["version"]) == ("ended", dt.date(2026, 7, 1), 3)
    ended = insured.end(later["id"], reason="退保 13800138000")
    assert (ended["state"], ended["until_on"]) == ("ended", TODAY)
    assert insured.end(later["id"]) == ended
    with pytest.raises(FactEnded):
        insured.end(later["id"], until_on=JANUARY)
    announced = [("confirmed", 1), ("changed", 2), ("ended", 3), ("confirmed", 1), ("ended", 2)]
    assert insured.announced() == announced
    assert "13800138000" not in str(insured.city.rows("select reason from history where subject = 'fact'"))


def test_events_and_what_is_sent_again_carry_the_whole_state_and_no_text(insured: Insured) -> None:
    school = insured.city.university()
    made = insured.report(values={"year": 2026, "number": "No 7", "school": str(school)})
    expected = {
        "fact_id": str(made["id"]),
        "version": 1,
        "person_id": str(insured.id),
        "kind_key": insured.key,
        "department": "insurance",
        "state": "confirmed",
        "from_on": "2026-01-01",
        "until_on": None,
        "fields": {"year": 2026},
    }
    assert insured.events()[0]["data"] == expected
    with open_reading(insured.city.engine) as work:
        (state,) = facts.SOURCES["fact"](work.session, Page(ids=(str(made["id"]),)))
    assert (state.event_type, state.data) == ("talent.fact.confirmed.v1", expected)


def test_what_is_refused_and_why(insured: Insured) -> None:
    made = insured.report()
    with pytest.raises(FactKindNotFound):
        insured.report(kind_key="nobody.knows")
    with pytest.raises(NotAConfirmer):
        insured.report("youth_league")
    with pytest.raises(PersonNotFound):
        insured.report("education")
    again(insured.city, "education", insured.number)
    with pytest.raises(NotYourFact):
        insured.end(made["id"], "education")
    with pytest.raises(FactEndsBeforeItBegan):
        insured.end(made["id"], until_on=JANUARY - dt.timedelta(days=1))
    with pytest.raises(FactNotFound):
        insured.end(made["id"], "youth_league")
    with pytest.raises(FactInvalid) as refused:
        insured.report(from_on=TODAY + dt.timedelta(days=1), until_on=TODAY, values={"school": str(uuid.uuid4())})
    assert {error["pointer"] for error in refused.value.errors} == {
        "#/fields/year", "#/fields/school", "#/from_on", "#/until_on",
    }  # fmt: skip
    with pytest.raises(FactKindInUse):
        insured.put(1, declared=FIELDS[1:])
    assert insured.put(1, declared=FIELDS[:1], holds_months=12)["version"] == 2
    with pytest.raises(VersionStale):
        insured.put(1)
    assert insured.report(from_on=dt.date(2026, 3, 1))["until_on"] == dt.date(2027, 3, 1)


def test_each_department_has_its_own_and_within_reach_all_are_seen(insured: Insured) -> None:
    theirs = insured.report()["id"]
    university = insured.city.university("host_office")
    assert insured.listed("host_office", person_id=insured.id) == []
    again(insured.city, "education", insured.number)
    ours = insured.report("education")["id"]
    report_affiliation(insured.city, insured.id, university)
    assert ours != theirs
    assert insured.listed("host_office", person_id=insured.id) == [theirs, ours]
    assert (insured.listed("education"), insured.listed("host_office")) == ([ours], [])
    assert insured.listed("stranger", person_id=insured.id) == []
    with insured.city.work("stranger") as work, pytest.raises(FactNotFound):
        facts.get_fact(work, fact_id=ours)


def test_two_departments_and_two_clients_of_one_at_once(insured: Insured) -> None:
    again(insured.city, "education", insured.number)
    days = [dt.date(2026, month, 1) for month in range(1, 7)]

    def report(number: int) -> None:
        insured.report(("insurance", "education")[number % 2], from_on=days[number // 2 % 6])

    at_once(24, report)
    rows = insured.city.rows(
        "select department, from_on, until_on, state from facts where kind_key = :key order by department, from_on",
        key=insured.key,
    )
    ends = [*days[1:], None]
    expected = [
        (department, *period, "ended" if period[1] else "confirmed")
        for department in ("education", "insurance")
        for period in zip(days, ends, strict=True)
    ]
    assert [tuple(row) for row in rows] == expected


def test_what_has_run_out_is_ended_once_and_reported_again_stays_ended(insured: Insured) -> None:
    made = insured.report(until_on=TODAY + dt.timedelta(days=1))

    def run(_: int) -> None:
        with insured.city.work("platform", now=NOW + dt.timedelta(days=1)) as work:
            while facts.end_lapsed(work, limit=1):
                pass

    at_once(3, run)
    assert insured.announced() == [("confirmed", 1), ("ended", 2)]
    with insured.city.work("insurance", now=NOW + dt.timedelta(days=2)) as work:
        given = {"person_id": insured.id, "kind_key": insured.key, "from_on": JANUARY, "values": {"year": 2026}}
        assert facts.report_fact(work, **given)["verdict"] == "unchanged"
        reopened = facts.report_fact(work, **given, until_on=TODAY + dt.timedelta(days=90))
    assert (reopened["id"], reopened["state"]) == (made["id"], "confirmed")


def test_facts_of_a_merged_person_are_the_survivors(insured: Insured) -> None:
    made = insured.report()["id"]
    twin: Any = again(insured.city, "education", insured.number, name="司马光")["id"]
    assert insured.listed("education", person_id=twin) == []
    other = insured.report("education", person_id=twin)["id"]
    with insured.city.work(scopes=["people:all"]) as work:
        duplicates.merge_duplicate_person(work, provisional_id=twin)
    for known_as in (twin, insured.id):
        assert insured.listed("insurance", person_id=known_as) == [made, other]
    with insured.city.work("insurance") as work:
        assert facts.get_fact(work, fact_id=other)["person_id"] == insured.id


def test_of_an_erased_person_days_stay_and_texts_go(insured: Insured) -> None:
    insured.report(values={"year": 2026, "number": "No 7"})
    insured.report(from_on=dt.date(2026, 5, 1), values={"year": 2026, "number": "No 8"})
    for _ in range(2):
        with insured.city.work(scopes=["people:all"]) as work:
            facts.forget_facts(work, [insured.id])
    rows = insured.city.rows(
        "select state, until_on, fields, version from facts where kind_key = :key order by from_on", key=insured.key
    )
    assert [tuple(row) for row in rows] == [
        ("ended", dt.date(2026, 5, 1), {"year": 2026}, 3),
        ("ended", TODAY, {"year": 2026}, 2),
    ]


def test_month_of_birth_is_announced_and_found_for_those_registered_before(city: City) -> None:
    number = city.id_number()
    month = f"{number[6:10]}-{number[10:12]}"
    made = person(city, id_number=number)["id"]
    passport = person(city, id_type="passport", id_number=f"E{number[-8:-1]}")["id"]

    def announced(person_id: object) -> list[tuple[str, str | None]]:
        rows = city.rows(
            "select type, cast(body as jsonb) -> 'data' ->> 'born_month' as month from outbox where subject_id = :id"
            " order by created_at, id",
            id=str(person_id),
        )
        return [(row.type.split(".")[2], row.month) for row in rows]

    assert (announced(made), announced(passport)) == ([("registered", month)], [("registered", None)])
    with city.work("platform") as work:
        assert not born_months.fill_born_months(work, keys=city.keys)
        work.session.connection().exec_driver_sql(f"update people set born_month = null where id = '{made}'")
    with city.work("platform") as work:
        assert born_months.fill_born_months(work, keys=city.keys, limit=1)
    assert announced(made)[1:] == [("changed", month)]
    stored = city.rows("select version, born_month from people where id = :id", id=made)
    assert [tuple(row) for row in stored] == [(2, dt.date.fromisoformat(f"{month}-01"))]
