"""Organisations and the sets they are members of, on real PostgreSQL."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from chassis.store.versions import VersionStale
from contracts.language.paging import Paging
from services.talent import organisations
from services.talent.organisations import (
    CreditCodeTaken,
    NotYourOrganisation,
    OrganisationAmbiguous,
    OrganisationInvalid,
    OrganisationNotFound,
    lookups,
    sets,
)
from services.talent.organisations.sets import OrganisationSetInvalid, OrganisationSetNotFound
from tests.talent.conftest import City, at_once, make_credit_code

JANUARY = dt.date(2023, 1, 1)
NAME = {"zh-CN": "驻地高校", "en": "Resident universities"}


def register(city: City, department: str = "education", **fields: Any) -> dict[str, Any]:
    with city.work(department) as work:
        return organisations.register_organisation(work, **{"kind": "university"} | fields)


def change(
    city: City, organisation_id: Any, version: int, department: str = "education", **changes: Any
) -> dict[str, Any]:
    with city.work(department) as work:
        return organisations.change_organisation(
            work, organisation_id=organisation_id, version=version, changes=changes
        )


def fresh(city: City) -> tuple[str, str]:
    """A name and a credit code not used before."""
    city._serial += 1
    return f"测试大学{uuid.uuid4().hex[:8]}", make_credit_code(city._serial)


def announced(city: City, subject: Any) -> list[tuple[str, int]]:
    return [(event, version) for event, of, version in city.events() if of == str(subject)]


class TestRegisterOrganisation:
    def test_trusts_the_registering_department_unless_others_are_named(self, city: City) -> None:
        assert register(city, name=fresh(city)[0])["trusted_departments"] == ["education"]
        chosen = register(city, name=fresh(city)[0], trusted_departments=["tyut", "education"])
        assert chosen["trusted_departments"] == ["tyut", "education"]

    def test_same_credit_code_is_the_same_record(self, city: City) -> None:
        name, code = fresh(city)
        first = register(city, name=name, uscc=code, attributes={"level": "本科"})
        second = register(city, "culture_tourism", name="别名", uscc=f" {code.lower()} ", trusted_departments=["x"])
        assert (first["created"], second["created"]) == (True, False)
        assert {key: value for key, value in second.items() if key not in ("created", "reported_by")} == {
            key: value for key, value in first.items() if key not in ("created", "reported_by")
        }
        assert sorted(second["reported_by"]) == ["culture_tourism", "education"]
        assert announced(city, first["id"]) == [("talent.organisation.registered.v1", 1)]

    def test_without_a_code_kind_and_name_are_the_key(self, city: City) -> None:
        name, _ = fresh(city)
        first = register(city, name=f"{name}（东区）")
        assert register(city, name=f" {name} (东区)")["id"] == first["id"]
        assert register(city, kind="venue", name=f"{name}（东区）")["id"] != first["id"]

    def test_a_code_that_was_lacking_is_added(self, city: City) -> None:
        name, code = fresh(city)
        first = register(city, name=name)
        stranger = register(city, "culture_tourism", name=name, uscc=code)
        assert (stranger["id"], stranger["uscc"], stranger["version"]) == (first["id"], None, 1)
        second = register(city, name=name, uscc=code)
        assert (second["id"], second["uscc"], second["version"]) == (first["id"], code, 2)
        assert announced(city, first["id"])[-1] == ("talent.organisation.changed.v1", 2)
        assert register(city, name=name)["id"] == first["id"]

    def test_refuses_a_name_that_several_have(self, city: City) -> None:
        name, code = fresh(city)
        register(city, name=name, uscc=code)
        register(city, name=name, uscc=fresh(city)[1])
        with pytest.raises(OrganisationAmbiguous):
            register(city, name=name)

    def test_refuses_a_wrong_code(self, city: City) -> None:
        with pytest.raises(OrganisationInvalid) as refused:
            register(city, name="甲", uscc="91110000600037341X")
        assert refused.value.errors[0]["pointer"] == "#/uscc"

    def test_departments_racing_make_one_record(self, city: City) -> None:
        name, code = fresh(city)
        codes = [code if index % 3 else None for index in range(12)]
        answers = at_once(12, lambda index: register(city, f"department{index}", name=name, uscc=codes[index]))
        assert len({answer["id"] for answer in answers}) == 1
        assert [answer["created"] for answer in answers].count(True) == 1
        with city.work() as work:
            final = organisations.get_organisation(work, organisation_id=answers[0]["id"])
        assert (final["uscc"] in (code, None), len(final["reported_by"])) == (True, 12)


class TestConfirmation:
    def test_an_organisation_of_a_department_waits_and_nothing_follows_from_it(self, city: City) -> None:
        name, code = fresh(city)
        made = register(city, "stranger", name=name, uscc=code, trusted_departments=["stranger"])
        assert (made["confirmed_at"], made["trusted_departments"]) == (None, ["stranger"])
        with city.work("stranger") as work:
            assert lookups.trusted_departments(work, [made["id"]]) == {made["id"]: []}
        with pytest.raises(OrganisationSetInvalid) as refused, city.work() as work:
            sets.put_organisation_set(
                work,
                key=f"unconfirmed_{code.lower()}",
                version=None,
                name={"zh-CN": "甲", "en": "A"},
                members=[{"organisation_id": made["id"], "from_on": dt.date(2026, 1, 1)}],
            )
        assert [error["code"] for error in refused.value.errors] == ["organisation_unconfirmed"]
        assert change(city, made["id"], 1, "stranger", name=f"{name}分校")["version"] == 2
        for _ in range(2):
            with city.work() as work:
                confirmed = organisations.confirm_organisation(work, organisation_id=made["id"])
            assert (confirmed["version"], confirmed["confirmed_at"] is not None) == (3, True)
        with city.work("stranger") as work:
            assert lookups.trusted_departments(work, [made["id"]]) == {made["id"]: ["stranger"]}
        with pytest.raises(NotYourOrganisation):
            change(city, made["id"], 3, "stranger", name=name)

    def test_registering_a_known_name_takes_nothing_over(self, city: City) -> None:
        made = register(city, name=fresh(city)[0], trusted_departments=[])
        register(city, "stranger", name=made["name"], trusted_departments=["stranger"])
        with pytest.raises(NotYourOrganisation):
            change(city, made["id"], 1, "stranger", trusted_departments=["stranger"])


class TestChangeOrganisation:
    def test_changes_and_tells(self, city: City) -> None:
        made = register(city, name=fresh(city)[0], attributes={"a": 1, "b": 2})
        answer = change(
            city, made["id"], 1, name="新名", name_en="New", status="closed", attributes={"a": None, "c": 3}
        )
        assert (answer["name"], answer["name_en"], answer["status"], answer["version"]) == ("新名", "New", "closed", 2)
        assert answer["attributes"] == {"b": 2, "c": 3}
        assert announced(city, made["id"]) == [
            ("talent.organisation.registered.v1", 1),
            ("talent.organisation.changed.v1", 2),
        ]

    def test_what_changes_nothing_bumps_nothing(self, city: City) -> None:
        name, _ = fresh(city)
        made = register(city, name=name)
        assert change(city, made["id"], 1, name=name, status="active")["version"] == 1

    def test_is_the_city_offices_but_for_the_attributes_of_those_it_trusts(self, city: City) -> None:
        made = register(city, name=fresh(city)[0], trusted_departments=["tyut"])
        guarded: tuple[dict[str, Any], ...]
        guarded = (
            {"trusted_departments": ["tyut", "x"]},
            {"name": "改名"},
            {"status": "closed"},
            {"uscc": fresh(city)[1]},
        )
        for wanted in guarded:
            with pytest.raises(NotYourOrganisation):
                change(city, made["id"], 1, "tyut", **wanted)
        with pytest.raises(NotYourOrganisation):
            change(city, made["id"], 1, "youth_league", attributes={"a": 1})
        assert change(city, made["id"], 1, "tyut", attributes={"a": 1})["version"] == 2
        assert change(city, made["id"], 2, trusted_departments=["education", "tyut"])["version"] == 3

    def test_refuses_stale_taken_and_unknown(self, city: City) -> None:
        (name, code), (other, other_code) = fresh(city), fresh(city)
        made, taken = register(city, name=name, uscc=code), register(city, name=other, uscc=other_code)
        with pytest.raises(VersionStale):
            change(city, made["id"], 2, name="甲")
        with pytest.raises(CreditCodeTaken):
            change(city, made["id"], 1, uscc=taken["uscc"])
        with pytest.raises(OrganisationNotFound):
            change(city, uuid.uuid4(), 1, name="甲")

    def test_of_two_changes_at_once_one_is_stale(self, city: City) -> None:
        made = register(city, name=fresh(city)[0])

        def act(index: int) -> int:
            try:
                return int(change(city, made["id"], 1, name=f"名{index}")["version"])
            except VersionStale:
                return 0

        assert sorted(at_once(4, act)) == [0, 0, 0, 2]


class TestFindOrganisations:
    def test_finds_by_code_and_either_name_in_any_spelling(self, city: City) -> None:
        name, code = fresh(city)
        made = register(city, name=f"{name}（虚构）", name_en=f"Demo {name}", uscc=code)["id"]
        texts = [code.lower(), f"{name}(虚构)", f"ＤＥＭＯ {name}", "没有的大学"]
        with city.work() as work:
            found = lookups.find_organisations(work, texts)
        assert [found[text] for text in texts] == [[made], [made], [made], []]

    def test_tells_ambiguous_names_apart_from_unknown_ones(self, city: City) -> None:
        name, code = fresh(city)
        ids = {register(city, name=name, uscc=code)["id"], register(city, name=name, uscc=fresh(city)[1])["id"]}
        with city.work() as work:
            assert set(lookups.find_organisations(work, [name])[name]) == ids


class TestListOrganisations:
    def test_filters_by_kind_and_part_of_the_name(self, city: City) -> None:
        name, code = fresh(city)
        made = register(city, name=name, uscc=code)
        with city.work() as work:
            by_part = organisations.list_organisations(work, page=Paging(limit=5), q=name[2:9], kind="university")
            by_code = organisations.list_organisations(work, page=Paging(limit=5), q=code)
            literal = organisations.list_organisations(work, page=Paging(limit=5), q="%")
        assert [item["id"] for item in by_part["items"]] == [item["id"] for item in by_code["items"]] == [made["id"]]
        assert literal["items"] == []


class TestOrganisationSets:
    def put(self, city: City, key: str, version: int | None, members: list[dict[str, Any]]) -> dict[str, Any]:
        with city.work() as work:
            return sets.put_organisation_set(work, key=key, version=version, name=NAME, members=members)

    def member(self, city: City, until_on: dt.date | None = None, **fields: Any) -> dict[str, Any]:
        return {"organisation_id": city.university(), "from_on": JANUARY, "until_on": until_on} | fields

    def test_publishes_versions_and_tells_the_whole_set(self, city: City) -> None:
        key = f"set-{uuid.uuid4().hex}"
        first, second = self.member(city), self.member(city)
        made = self.put(city, key, None, [first])
        joined = self.put(city, key, 1, [first, second])
        assert (made["created"], made["version"], joined["created"], joined["version"]) == (True, 1, False, 2)
        assert announced(city, key) == [
            ("talent.organisation_set.published.v1", 1),
            ("talent.organisation_set.published.v1", 2),
        ]
        (row,) = city.rows("select cast(body as jsonb) from outbox where subject_id = :key and version = 2", key=key)
        assert {member["organisation_id"] for member in row[0]["data"]["members"]} == {
            str(first["organisation_id"]),
            str(second["organisation_id"]),
        }
        assert city.count("select count(*) from organisation_set_members where key = :key", key=key) == 3

    def test_the_same_again_changes_nothing(self, city: City) -> None:
        key = f"set-{uuid.uuid4().hex}"
        members = [self.member(city), self.member(city)]
        self.put(city, key, None, members)
        assert self.put(city, key, 1, members[::-1])["version"] == 1

    def test_shows_the_members_of_a_day(self, city: City) -> None:
        key = f"set-{uuid.uuid4().hex}"
        gone, here = self.member(city, dt.date(2024, 1, 1)), self.member(city)
        self.put(city, key, None, [gone, here])
        with city.work() as work:
            counts = [
                len(sets.get_organisation_set(work, key=key, on=on)["members"])
                for on in (dt.date(2022, 12, 31), JANUARY, dt.date(2023, 12, 31), dt.date(2024, 1, 1), None)
            ]
        assert counts == [0, 2, 2, 1, 2]

    def test_refuses_stale_versions_and_a_second_creation(self, city: City) -> None:
        key = f"set-{uuid.uuid4().hex}"
        members = [self.member(city)]
        self.put(city, key, None, members)
        for version in (None, 2):
            with pytest.raises(VersionStale):
                self.put(city, key, version, members)

    def test_of_several_publications_at_once_one_succeeds(self, city: City) -> None:
        key = f"set-{uuid.uuid4().hex}"
        members = [self.member(city) for _ in range(4)]

        def act(index: int) -> int:
            try:
                return int(self.put(city, key, None, members[: index + 1])["version"])
            except VersionStale:
                return 0

        assert sorted(at_once(4, act)) == [0, 0, 0, 1]

    def test_refuses_unknown_members_and_overlapping_periods(self, city: City) -> None:
        member = self.member(city)
        overlapping = [member, member | {"from_on": dt.date(2024, 1, 1)}]
        backwards = [member | {"until_on": JANUARY}]
        stranger = [member | {"organisation_id": uuid.uuid4()}]
        codes = []
        for members in (overlapping, backwards, stranger):
            with pytest.raises(OrganisationSetInvalid) as refused:
                self.put(city, "refused", None, members)
            codes.append((refused.value.errors[0]["code"], refused.value.errors[0]["pointer"]))
        assert codes == [
            ("periods_overlap", "#/members/1/organisation_id"),
            ("period_ends_before_it_begins", "#/members/0/until_on"),
            ("organisation_unknown", "#/members/0/organisation_id"),
        ]
        with pytest.raises(OrganisationSetNotFound), city.work() as work:
            sets.get_organisation_set(work, key="refused")

    def test_an_organisation_may_leave_and_come_back(self, city: City) -> None:
        member = self.member(city, dt.date(2024, 1, 1))
        back = member | {"from_on": dt.date(2025, 1, 1), "until_on": None}
        assert len(self.put(city, f"set-{uuid.uuid4().hex}", None, [back, member])["members"]) == 2
