"""Roles are data: their fields are checked, each department's stay its own, and events carry only what cannot name a person."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest

from chassis.imports import results
from chassis.store.versions import VersionStale
from contracts.talent.affiliation_roles import PutAffiliationRole
from contracts.vocabulary import ROLES
from services.talent import affiliations
from services.talent.affiliations import AffiliationInvalid, roles
from services.talent.affiliations.roles import AffiliationRoleInUse, AffiliationRoleInvalid, AffiliationRoleNotFound
from services.talent.affiliations.rules import merged
from tests.talent.affiliations.test_affiliations import Student
from tests.talent.conftest import City, at_once
from tests.talent.imports.importing import HEADERS, Desk, csv_of

TRADES = [
    {"key": "miller", "name": {"zh-CN": "磨坊主", "en": "Miller"}},
    {"key": "baker", "name": {"zh-CN": "面包师", "en": "Baker"}},
]


def field(key: str, zh: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "name": {"zh-CN": zh, "en": key}, "type": kind, **more}


TRADE = field("trade", "行当", "choice", choices=TRADES)
MENTOR = field("mentor", "带教人", "person")
FIELDS = [
    TRADE,
    field("is_fresh", "是否应届", "yes_no"),
    field("note", "说明", "text"),
    MENTOR,
    field("seat", "驻点", "organisation"),
]


def put(city: City, key: str, version: int | None, fields: list[dict[str, Any]]) -> dict[str, Any]:
    body = {
        "key": key,
        "version": version,
        "programme": "guilds",
        "name": {"zh-CN": f"{key}甲", "en": f"{key} A"},
        "fields": fields,
    }
    with city.work() as work:
        return roles.put_affiliation_role(work, **PutAffiliationRole().load(body))


@pytest.fixture(scope="module", autouse=True)
def guild(city: City) -> None:
    """A role no city has, and a field for one that every city has."""
    put(city, "guild", None, FIELDS)
    put(city, "employee", 1, [field("is_fresh", "是否应届", "yes_no"), field("wage", "月薪", "money")])


@pytest.fixture
def student(city: City) -> Student:
    return Student(city)


class TestRoles:
    def test_every_city_has_five_and_adds_its_own(self, city: City) -> None:
        with city.work() as work:
            found = roles.list_affiliation_roles(work)["items"]
            guild = roles.get_affiliation_role(work, key="guild")
        assert {one["key"] for one in found if one["is_built_in"]} == set(ROLES)
        assert (guild["version"], guild["is_built_in"], len(guild["declared"])) == (1, False, 5)
        assert found[-1] == guild
        with city.work() as work, pytest.raises(AffiliationRoleNotFound):
            roles.get_affiliation_role(work, key="king")

    def test_its_fields_only_become_more(self, city: City) -> None:
        assert put(city, "growing", None, [TRADE])["created"] is True
        for fields in ([], [{**TRADE, "choices": TRADES[:1]}], [field("trade", "行当", "text")]):
            with pytest.raises(AffiliationRoleInUse):
                put(city, "growing", 1, fields)
        with pytest.raises(AffiliationRoleInvalid):
            put(city, "growing", 1, [TRADE, TRADE])
        for version in (None, 2, 7):
            with pytest.raises(VersionStale):
                put(city, "growing", version, [TRADE])
        with pytest.raises(VersionStale):
            put(city, "unknown", 1, [])
        assert put(city, "growing", 1, [TRADE, MENTOR])["version"] == 2

    def test_of_two_who_replace_one_version_one_wins(self, city: City) -> None:
        put(city, "raced", None, [])

        def replace(number: int) -> bool:
            try:
                put(city, "raced", 1, [field(f"f{number}", "字段", "text")])
            except VersionStale:
                return False
            return True

        assert sorted(at_once(4, replace)) == [False, False, False, True]


class TestFields:
    def test_are_kept_answered_and_announced_as_far_as_they_name_nobody(self, student: Student) -> None:
        values = {
            "trade": "baker",
            "is_fresh": True,
            "note": "张三的徒弟",
            "mentor": str(student.id),
            "seat": str(student.university),
        }
        answer = student.report(role="guild", values=values)
        assert (answer["values"], answer["verdict"]) == (values, "accepted")
        (event,) = student.city.rows(
            "select cast(body as jsonb) from outbox where subject_id = :id", id=str(answer["id"])
        )
        assert event[0]["data"]["fields"] == {"trade": "baker", "is_fresh": True}
        again = student.report(role="guild", values=values)
        assert (again["verdict"], again["version"]) == ("unchanged", 1)
        assert student.report(role="guild")["verdict"] == "unchanged", (
            "a report that says nothing of fields leaves them"
        )

    def test_a_report_that_changes_them_is_a_new_version_and_an_event(self, student: Student) -> None:
        student.report(role="guild", values={"trade": "baker", "note": "甲"})
        changed = student.report(role="guild", values={"trade": "miller"})
        kept = {"trade": "miller", "note": "甲"}
        assert (changed["verdict"], changed["version"], changed["values"]) == ("accepted", 2, kept)
        assert student.events() == [("confirmed.v1", 1), ("changed.v1", 2)]
        assert student.history() == [
            (None, "confirmed", dt.date(2026, 9, 1)),
            ("confirmed", "confirmed", dt.date(2026, 9, 1)),
        ]
        with student.city.work() as work:
            ended = affiliations.end_affiliation(work, affiliation_id=changed["id"])
        assert ended["values"] == kept
        taken_back = student.report(role="guild", values={"note": None}, until_on=ended["until_on"])
        assert (taken_back["state"], taken_back["values"]) == ("ended", {"trade": "miller"})
        assert student.events()[2:] == [("ended.v1", 3), ("ended.v1", 4)]

    @pytest.mark.parametrize(
        ("values", "pointer", "code"),
        [
            ({"trade": "smith"}, "fields/trade", "not_one_of"),
            ({"wage": 1}, "fields/wage", "unknown_field"),
            ({"mentor": "0190a000-0000-7000-8000-000000000000"}, "fields/mentor", "person_unknown"),
            ({"seat": "0190a000-0000-7000-8000-000000000000"}, "fields/seat", "organisation_unknown"),
            ({"seat": "nowhere"}, "fields/seat", "invalid_id"),
        ],
    )
    def test_what_the_role_does_not_declare_so_is_refused(
        self, student: Student, values: dict[str, Any], pointer: str, code: str
    ) -> None:
        with pytest.raises(AffiliationInvalid) as refused:
            student.report(role="guild", values=values)
        assert [(one["pointer"], one["code"]) for one in refused.value.errors] == [(f"#/{pointer}", code)]

    def test_any_order_of_the_same_reports_ends_in_the_same_record(self, city: City) -> None:
        reports = {
            "zone": {"trade": "miller", "is_fresh": False},
            "education": {"trade": "baker"},
            "civil": {"is_fresh": True, "note": "民政"},
        }
        ends = []
        for order in itertools.permutations(reports):
            student = Student(city)
            for department in (*order, order[0]):
                answer = student.report(department, role="guild", values=reports[department])
            with city.work() as work:
                ends.append(affiliations.get_affiliation(work, affiliation_id=answer["id"])["values"])
        # the department the university trusts comes first, then the others by their keys
        assert ends == [{"trade": "baker", "is_fresh": True, "note": "民政"}] * 6
        assert merged(reports, ["education"]) == ends[0]

    def test_several_departments_at_once_lose_nothing(self, student: Student) -> None:
        departments = [f"dept_{n}" for n in range(6)]
        student.report(role="guild")
        for department in departments:
            student.reported_by(department)
        fields = [{"trade": "miller"}, {"note": "甲"}, {"is_fresh": True}] * 2
        at_once(6, lambda n: student.report(departments[n], role="guild", values=fields[n]))
        (record,) = student.city.rows("select fields, version from affiliations where person_id = :id", id=student.id)
        assert record.fields == {"trade": "miller", "note": "甲", "is_fresh": True}
        assert record.version == 4

    def test_a_department_whose_value_is_not_the_records_hears_which_column(self, student: Student) -> None:
        student.report(role="guild", values={"trade": "baker"})
        answer = student.report("zone", role="guild", values={"trade": "miller", "note": "乙"})
        assert (answer["verdict"], answer["values"]) == ("differs", {"trade": "baker", "note": "乙"})
        assert [one["pointer"] for one in answer["differences"]] == ["#/fields/trade"]
        assert "baker" not in str(answer["differences"])


class TestRosters:
    HEADERS = (*HEADERS, "是否应届", "行当", "月薪", "驻点")

    def row(self, student: Student, role: str, **cells: str) -> list[str]:
        about = dict(zip(HEADERS, ("张三", student.number, "", str(self.school), role, "2024-09-01", ""), strict=True))
        return [{**about, **cells}.get(header, "") for header in self.HEADERS]

    @pytest.fixture(autouse=True)
    def _school(self, city: City) -> None:
        self.school = f"行会大学{city.id_number()}"
        city.university(name=self.school)

    def test_have_the_columns_of_all_roles_and_take_a_value_only_of_the_rows_own(self, city: City) -> None:
        desk, people = Desk(city), [Student(city) for _ in range(5)]
        found = desk.run(
            csv_of(
                [
                    self.row(people[0], "guild甲", 是否应届="是", 行当="面包师", 驻点=self.school),
                    self.row(people[1], "员工", 是否应届="否", 月薪="5000"),
                    self.row(people[2], "学生", 是否应届="是"),
                    self.row(people[3], "guild", 行当="铁匠"),
                    self.row(people[4], "guild", 驻点="没有的单位"),
                ],
                self.HEADERS,
            )
        )
        assert [
            (one["verdict"], [(v["column"], v["code"]) for v in one["violations"]]) for one in desk.rows(found)
        ] == [
            ("accepted", []),
            ("accepted", []),
            ("rejected", [("是否应届", "not_of_this_role")]),
            ("rejected", [("行当", "choice_unknown")]),
            ("rejected", [("驻点", "organisation_unknown")]),
        ]
        (seat,) = city.rows("select cast(id as text) as id from organisations where name = :name", name=self.school)
        stored = city.rows("select role, fields, open_fields from affiliations where organisation_id = :id", id=seat.id)
        assert sorted(tuple(one) for one in stored) == [
            ("employee", {"is_fresh": False, "wage": 500_000}, {"is_fresh": False, "wage": 500_000}),
            ("guild", {"is_fresh": True, "trade": "baker", "seat": seat.id}, {"is_fresh": True, "trade": "baker"}),
        ]

    def test_without_those_columns_leave_what_was_reported(self, city: City) -> None:
        desk, person = Desk(city), Student(city)
        row = self.row(person, "员工", 月薪="1.5万")
        for content, verdict in (
            (csv_of([row], self.HEADERS), "accepted"),
            (csv_of([row[: len(HEADERS)]], HEADERS), "unchanged"),
            (csv_of([row], self.HEADERS), "unchanged"),
        ):
            assert desk.verdicts(desk.run(content)) == [verdict]
        (stored,) = city.rows("select fields, version from affiliations where person_id = :id", id=person.id)
        assert tuple(stored) == ({"wage": 1_500_000}, 1)

    def test_their_template_lists_them(self, city: City) -> None:
        with city.work() as work:
            (roster, *_) = results.list_import_kinds(work, uploads=Desk(city).uploads)["items"]
        columns = {one["name"]["zh-CN"]: one for one in roster["columns"]}
        assert {"是否应届", "行当", "月薪（元）", "说明", "驻点"} <= columns.keys()
        assert "带教人" not in columns, "a person is known by a document, which no column of a field holds"
        assert not any(columns[name]["required"] for name in ("是否应届", "行当"))
        assert "guild甲" in columns["身份"]["allowed"]
