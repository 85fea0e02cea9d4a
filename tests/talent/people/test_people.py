"""Each person once, however many departments report them, on real PostgreSQL."""

from __future__ import annotations

import contextlib
import uuid

import pytest
from sqlalchemy import event

from chassis.keys.rings import KeyProblem, KeyRing
from chassis.store.versions import VersionStale
from contracts.language.paging import Paging
from services.talent.people import PersonRow, changing, listing, reading, register_people
from services.talent.people import keys as people_keys
from services.talent.people.refusals import NotYourRecord, PersonInvalid, PersonNotFound
from services.talent.rules.identity import check_character
from tests.talent.conftest import City, at_once
from tests.talent.people.reporting import again, person, report_affiliation


class TestRegisterPerson:
    def test_answers_masked_and_says_that_it_is_new(self, city: City) -> None:
        number = city.id_number()
        answer = person(city, id_number=number)
        assert answer["created"] is True
        assert answer["name_masked"] == "欧阳*"
        assert answer["id_number_masked"] == f"{number[:6]}********{number[-4:]}"
        assert answer["phone_masked"] == "138****8000"
        assert (answer["version"], answer["reported_by"]) == (1, ["education"])

    def test_second_department_joins_the_reporters_of_the_same_person(self, city: City) -> None:
        number = city.id_number()
        first = person(city, id_number=number)
        second = again(city, "culture_tourism", number.lower())
        assert (second["id"], second["verdict"]) == (first["id"], "accepted")
        with city.work(scopes=["people:all"]) as work:
            found = reading.get_person(work, person_id=first["id"])
        assert (sorted(found["reported_by"]), found["version"]) == (["culture_tourism", "education"], 1)

    def test_the_same_report_again_writes_nothing(self, city: City) -> None:
        number = city.id_number()
        person(city, id_number=number)
        before = self.footprint(city)
        answer = again(city, "education", number)
        assert answer["verdict"] == "unchanged"
        assert self.footprint(city) == before

    def test_a_differing_name_of_a_department_within_reach_stays_beside_the_record(self, city: City) -> None:
        number = city.id_number()
        first = person(city, id_number=number)
        again(city, "culture_tourism", number)
        second = again(city, "culture_tourism", number, name="司马光")
        third = again(city, "culture_tourism", number, name="司马光")
        assert (second["verdict"], third["verdict"]) == ("differs", "differs")
        (difference,) = second["differences"]
        assert (difference["pointer"], difference["code"]) == ("#/name", "differs_from_record")
        assert "本部门此前报送 欧阳*，本次 司马*" in difference["zh"]
        assert "your department has reported 司马* before" in third["differences"][0]["en"]
        assert first["differences"] == []
        assert (second["name_masked"], second["version"]) == ("欧阳*", 1)
        (report,) = city.rows(
            "select name_sealed from person_reports where person_id = :id and department = 'culture_tourism'",
            id=first["id"],
        )
        assert city.keys.open(first["id"], people_keys.NAME, report.name_sealed) == "司马光"

    def test_a_department_corrects_its_own_record_by_sending_it_again(self, city: City) -> None:
        number = city.id_number()
        first = person(city, id_number=number)
        second = again(city, "education", number, name="司马光", phone="13900139000", email="Li.Lei@Example.com")
        assert (second["id"], second["verdict"], second["version"]) == (first["id"], "accepted", 2)
        shown = (second["name_masked"], second["phone_masked"], second["email_masked"])
        assert shown == ("司马*", "139****9000", "L***@example.com")
        assert [event for event in city.events() if event[1] == str(first["id"])] == [
            ("talent.person.registered.v1", str(first["id"]), 1),
            ("talent.person.changed.v1", str(first["id"]), 2),
        ]

    def test_contacts_of_a_stranger_stay_its_own_and_those_of_a_trusted_department_are_taken_over(
        self, city: City
    ) -> None:
        number = city.id_number()
        first = person(city, id_number=number, phone=None)
        stranger = again(city, "culture_tourism", number, email="thief@example.com")
        assert (stranger["verdict"], stranger["email_masked"], stranger["version"]) == (
            "accepted",
            "t***@example.com",
            1,
        )
        school = city.university(trusted_departments=["youth_league"])
        report_affiliation(city, first["id"], school)
        trusted = again(city, "youth_league", number, email="li@example.com")
        assert (trusted["email_masked"], trusted["phone_masked"], trusted["version"]) == (
            "l***@example.com",
            "138****8000",
            2,
        )

    def test_an_address_that_is_none_is_refused_by_its_field(self, city: City) -> None:
        with pytest.raises(PersonInvalid) as refused:
            person(city, email="nobody")
        assert [(error["pointer"], error["code"]) for error in refused.value.errors] == [("#/email", "email_malformed")]

    def test_a_phone_left_out_takes_nothing_back(self, city: City) -> None:
        number = city.id_number()
        person(city, id_number=number)
        assert again(city, "education", number, phone=None)["verdict"] == "unchanged"

    def test_one_number_under_two_types_that_share_it_is_one_person(self, city: City) -> None:
        number = "81000019990101001"
        number += check_character(number)
        first = person(city, id_number=number, id_type="hmt_residence_permit")
        assert again(city, "police", number)["id"] == first["id"]

    def test_refuses_with_every_violation_and_no_value(self, city: City) -> None:
        with pytest.raises(PersonInvalid) as refused:
            person(city, name="", id_number="140702199001010010", phone="12345")
        assert [error["pointer"] for error in refused.value.errors] == ["#/name", "#/id_number", "#/phone"]
        assert "140702199001010010" not in str(refused.value.to_wire())

    def footprint(self, city: City) -> list[int]:
        tables = ("people", "person_reports", "outbox", "history")
        return [city.count(f"select count(*) from {table}") for table in tables] + [
            city.count("select coalesce(sum(version), 0) from people")
        ]


class TestRacingReports:
    DEPARTMENTS = ("education", "youth_league")

    def test_twenty_reports_of_one_person_make_one_row_and_one_event(self, city: City) -> None:
        number = city.id_number()
        answers = at_once(20, lambda _: person(city, id_number=number))
        (person_id,) = {answer["id"] for answer in answers}
        assert [answer["created"] for answer in answers].count(True) == 1
        assert sorted(answer["verdict"] for answer in answers) == ["accepted"] + ["unchanged"] * 19
        assert [event for event in city.events() if event[1] == str(person_id)] == [
            ("talent.person.registered.v1", str(person_id), 1)
        ]

    def test_two_departments_at_once_make_one_person_with_two_reporters(self, city: City) -> None:
        for _ in range(5):
            number = city.id_number()
            answers = at_once(2, lambda index, number=number: person(city, self.DEPARTMENTS[index], id_number=number))
            assert answers[0]["id"] == answers[1]["id"]
            assert [answer["created"] for answer in answers] == [True, True]  # none learns of the other
            with city.work(scopes=["people:all"]) as work:
                final = reading.get_person(work, person_id=answers[0]["id"])
            assert sorted(final["reported_by"]) == ["education", "youth_league"]

    def test_two_overlapping_imports_end_with_each_person_once(self, city: City) -> None:
        numbers = [city.id_number() for _ in range(200)]

        def load(index: int) -> list[str]:
            ordered = numbers if index % 2 else numbers[::-1]
            rows = [PersonRow("张三", "resident_id", number) for number in ordered]
            with city.work() as work:
                return [done.verdict for done in register_people(work, rows, keys=city.keys)]

        verdicts = [verdict for done in at_once(6, load) for verdict in done]
        assert verdicts.count("accepted") == 200
        assert verdicts.count("unchanged") == 1000

    def test_two_phones_for_a_person_without_one_fill_it_once(self, city: City) -> None:
        number = city.id_number()
        first = person(city, id_number=number, phone=None)
        departments = ["league_a", "league_b"]
        report_affiliation(city, first["id"], city.university(trusted_departments=departments))
        phones = ["13800138001", "13800138002"]
        answers = at_once(2, lambda index: again(city, departments[index], number, phone=phones[index]))
        assert sorted(answer["verdict"] for answer in answers) == ["accepted", "differs"]
        with city.work() as work:
            assert reading.get_person(work, person_id=first["id"])["version"] == 2

    def test_one_document_under_two_names_at_once_makes_two_people_and_one_pair(self, city: City) -> None:
        number = city.id_number()
        first = person(city, id_number=number)
        answers = at_once(6, lambda index: again(city, "culture_tourism", number, name="司马光"))
        (provisional,) = {answer["id"] for answer in answers}
        assert provisional != first["id"]
        found = city.rows("select person_id, state from duplicate_people where provisional_id = :id", id=provisional)
        assert [tuple(row) for row in found] == [(first["id"], "open")]


class TestRegisterPeople:
    def test_gives_each_row_its_own_verdict_in_order(self, city: City) -> None:
        known, shared, new = city.id_number(), city.id_number(), city.id_number()
        person(city, id_number=known)
        person(city, id_number=shared)
        again(city, "culture_tourism", shared)
        rows = [
            PersonRow("张三", "resident_id", new),
            PersonRow("张三", "resident_id", "1"),
            PersonRow("欧阳修", "resident_id", known, "13800138000"),
            PersonRow("别人", "resident_id", shared),
            PersonRow("张三", "resident_id", new),
            PersonRow("张三", "resident_id", new, "13800138009"),
        ]
        with city.work() as work:
            done = register_people(work, rows, keys=city.keys)
        assert [each.verdict for each in done] == [
            "accepted",
            "rejected",
            "unchanged",
            "differs",
            "unchanged",
            "accepted",
        ]
        assert [violation.code for violation in done[1].violations] == ["id_number_malformed"]
        assert [(found.field, found.code) for found in done[3].violations] == [("name", "differs_from_record")]
        assert done[1].person_id is None
        assert done[0].person_id == done[4].person_id == done[5].person_id
        assert [each.created for each in done] == [True, False, False, False, False, False]

    def test_takes_no_more_statements_for_500_people_than_for_one(self, city: City) -> None:
        def statements(count: int) -> int:
            seen: list[str] = []
            rows = [PersonRow("张三", "resident_id", city.id_number()) for _ in range(count)]
            note = lambda *args: seen.append(args[2])  # noqa: E731
            event.listen(city.engine, "before_cursor_execute", note)
            with city.work() as work:
                register_people(work, rows, keys=city.keys)
                counted = len(seen)
            event.remove(city.engine, "before_cursor_execute", note)
            return counted

        assert statements(500) == statements(1) <= 4

    def test_verdicts_of_a_rolled_back_run_equal_those_of_the_run(self, city: City) -> None:
        numbers = [city.id_number() for _ in range(20)]
        for number in numbers[:10]:
            person(city, id_number=number)
        rows = [PersonRow("欧阳修", "resident_id", number) for number in numbers]
        before = TestRegisterPerson().footprint(city)
        dry: list[tuple[str, bool]] = []
        with contextlib.suppress(InterruptedError), city.work() as work:
            dry += [(done.verdict, done.created) for done in register_people(work, rows, keys=city.keys)]
            raise InterruptedError
        assert TestRegisterPerson().footprint(city) == before
        with city.work() as work:
            assert [(done.verdict, done.created) for done in register_people(work, rows, keys=city.keys)] == dry


class TestChangePerson:
    def test_renames_and_tells_without_the_name(self, city: City) -> None:
        first = person(city)
        with city.work() as work:
            changes = {"name": "司马光", "phone": None}
            answer = changing.change_person(work, person_id=first["id"], version=1, changes=changes, keys=city.keys)
        assert (answer["name_masked"], answer["phone_masked"], answer["version"]) == ("司马*", None, 2)
        assert city.events()[-1] == ("talent.person.changed.v1", str(first["id"]), 2)

    def test_takes_and_removes_an_address(self, city: City) -> None:
        first = person(city)
        seen = []
        for version, email in enumerate(["li@example.com", None], start=1):
            with city.work() as work:
                request = {"person_id": first["id"], "version": version, "changes": {"email": email}}
                seen.append(changing.change_person(work, **request, keys=city.keys)["email_masked"])
        assert seen == ["l***@example.com", None]

    def test_what_changes_nothing_bumps_nothing(self, city: City) -> None:
        first = person(city)
        events = city.events()
        with city.work() as work:
            changes = {"name": "欧阳 修", "phone": "138 0013 8000"}
            answer = changing.change_person(work, person_id=first["id"], version=1, changes=changes, keys=city.keys)
        assert (answer["version"], city.events()) == (1, events)

    def test_refuses_a_stale_version(self, city: City) -> None:
        first = person(city)

        def rename(index: int) -> str:
            try:
                with city.work() as work:
                    changes = {"name": "张" + "一二三四"[index]}
                    changing.change_person(work, person_id=first["id"], version=1, changes=changes, keys=city.keys)
            except VersionStale as stale:
                return f"stale, now {stale.params['current']}"
            return "changed"

        assert sorted(at_once(4, rename)) == ["changed"] + ["stale, now 2"] * 3

    def test_refuses_an_unknown_person_and_a_wrong_name(self, city: City) -> None:
        with pytest.raises(PersonNotFound), city.work() as work:
            changing.change_person(work, person_id=uuid.uuid4(), version=1, changes={}, keys=city.keys)
        first = person(city)
        with pytest.raises(PersonInvalid), city.work() as work:
            changing.change_person(work, person_id=first["id"], version=1, changes={"name": "1"}, keys=city.keys)

    def test_is_for_the_department_that_made_the_record_and_those_an_organisation_trusts(self, city: City) -> None:
        number = city.id_number()
        first = person(city, id_number=number)
        again(city, "culture_tourism", number)
        school = city.university(trusted_departments=["youth_league"])
        changes = {"email": "thief@example.com"}

        def change(department: str) -> int:
            with city.work(department) as work:
                made = changing.change_person(work, person_id=first["id"], version=1, changes=changes, keys=city.keys)
            return int(made["version"])

        with pytest.raises(NotYourRecord):
            change("culture_tourism")
        with pytest.raises(PersonNotFound):
            change("youth_league")
        report_affiliation(city, first["id"], school)
        assert change("youth_league") == 2


class TestListPeople:
    def test_pages_through_everyone_once(self, city: City) -> None:
        made = {person(city, "page_department")["id"] for _ in range(7)}
        seen, after = [], None
        with city.work("page_department") as work:
            while True:
                page = listing.list_people(work, page=Paging(limit=3, after=after), reported_by="page_department")
                seen += [item["id"] for item in page["items"]]
                after = page["next_after"]
                if after is None:
                    break
        assert set(seen) == made
        assert len(seen) == 7


class TestKeys:
    def test_nothing_personal_stands_in_the_clear(self, city: City) -> None:
        number = city.id_number()
        made = person(city, id_number=number, name="令狐冲", phone="13911112222")
        again(city, "culture_tourism", number, name="任盈盈", phone="13933334444")
        with city.work() as work:
            changing.change_person(work, person_id=made["id"], version=1, changes={"name": "岳灵珊"}, keys=city.keys)
        for table in ("people", "person_reports", "outbox", "history"):
            whole = str(city.rows(f"select t::text from {table} t"))
            sealed = [
                bytes(value)
                for row in city.rows(f"select * from {table}")
                for value in row
                if isinstance(value, memoryview)
            ]
            for secret in (number, number[6:17], "令狐冲", "任盈盈", "岳灵珊", "13911112222", "13933334444"):
                assert secret not in whole
                assert not any(secret.encode() in value for value in sealed)

    def test_ciphertext_moved_to_another_person_does_not_open(self, city: City) -> None:
        first, second = person(city), person(city)
        (sealed,) = city.rows("select name_sealed from people where id = :id", id=first["id"])[0]
        with pytest.raises(KeyProblem):
            city.keys.open(second["id"], people_keys.NAME, sealed)

    def test_a_rotated_lookup_key_still_finds_the_person(self, city: City) -> None:
        number = city.id_number()
        first = person(city, id_number=number)
        old = city.keys.rings[1]
        rotated = people_keys.of_rings(
            city.keys.rings[0], KeyRing("id_lookup", "2027a", {**old.keys, "2027a": b"n" * 32})
        )
        with city.work() as work:
            (done,) = register_people(work, [PersonRow("欧阳修", "resident_id", number)], keys=rotated)
        assert (done.person_id, done.created) == (first["id"], False)

    def test_refuses_keys_of_another_database(self, city: City) -> None:
        with city.work() as work:
            people_keys.prove(work, city.keys)
        foreign = people_keys.of_rings(KeyRing("id_encryption", "2026a", {"2026a": b"x" * 32}), city.keys.rings[1])
        with pytest.raises(KeyProblem), city.work() as work:
            people_keys.prove(work, foreign)
