"""Erasing people, and what the person may export, on real PostgreSQL."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import pytest
from sqlalchemy import text

from chassis.store.work import Caller, open_work
from contracts.language.paging import Paging
from services.talent import affiliations
from services.talent.people import contacts, erasing, listing, own_data, reading
from services.talent.people.refusals import PersonNotFound
from tests.talent.conftest import NOW, City
from tests.talent.people.reporting import again, person, report_affiliation
from tests.talent.people.test_contacts import NOTIFY


def erase(city: City, person_id: object) -> dict[str, object]:
    with city.work(scopes=["people:all"]) as work:
        return erasing.erase_person(
            work, person_id=UUID(str(person_id)), reason="at the wish of the person, 13800138000"
        )


def end_all(city: City, person_id: object) -> None:
    with city.work() as work:
        found = affiliations.list_affiliations(work, page=Paging(limit=5), person_id=UUID(str(person_id)))["items"]
        for one in found:
            affiliations.end_affiliation(work, affiliation_id=one["id"], until_on=dt.date(2026, 10, 1))


class TestErasing:
    def test_takes_out_what_is_personal_and_leaves_what_is_counted(self, city: City) -> None:
        number, school = city.id_number(), city.university()
        first = person(city, id_number=number, name="苏轼", phone="13911110011", email="su@example.com")
        again(city, "other", number, name="苏轼", phone="13911110012")
        report_affiliation(city, first["id"], school)
        with pytest.raises(erasing.PersonStillServed):
            erase(city, first["id"])
        end_all(city, first["id"])
        done = erase(city, first["id"])
        assert erase(city, first["id"]) == done, "twice is the same answer"
        with city.work() as work:
            row = (
                work.session.execute(text("select * from people where id = :id"), {"id": first["id"]}).mappings().one()
            )
            kept = {name for name, value in row.items() if value is not None}
            assert kept == {
                *("id", "id_type", "id_lookup", "id_number_masked", "name_masked", "version"),
                *("created_at", "updated_at", "erased_at"),
            }
            count = "select count(*) from {} where person_id = :id"
            counted = [
                work.session.execute(text(count.format(table)), {"id": first["id"]}).scalar_one()
                for table in ("affiliations", "person_reports")
            ]
            reason = work.session.execute(
                text("select reason from history where subject_id = :id and to_state = 'erased'"),
                {"id": str(first["id"])},
            ).scalar_one()
        assert counted == [1, 0]
        assert "13800138000" not in reason

    def test_takes_out_fields_of_affiliations_that_can_name_a_person(self, city: City) -> None:
        first = person(city, name="曾巩")
        report_affiliation(city, first["id"], city.university())
        end_all(city, first["id"])
        # as roles with declared fields leave them: one that cannot name a person, and a text
        fields, about = """fields = '{"note": "Su Shi", "year": 2023}'""", {"id": first["id"]}
        of_reports = f"set {fields} from affiliations a where a.id = r.affiliation_id and a.person_id = :id"
        with city.work() as work:
            work.session.execute(text(f"update affiliation_reports r {of_reports}"), about)
            both = f"""{fields}, open_fields = '{{"year": 2023}}'"""
            work.session.execute(text(f"update affiliations set {both} where person_id = :id"), about)
        erase(city, first["id"])
        joined = "from affiliations a join affiliation_reports r on r.affiliation_id = a.id where a.person_id = :id"
        with city.work() as work:
            (left,) = work.session.execute(text(f"select a.fields, r.fields {joined}"), about).all()
        assert tuple(left) == ({"year": 2023}, {"year": 2023})

    def test_leaves_nobody_to_be_found_and_a_later_report_is_a_new_person(self, city: City) -> None:
        number = city.id_number()
        first = person(city, id_number=number, name="黄庭坚", phone="13911110013")
        erase(city, first["id"])
        for scopes in ([], ["people:all"]):
            with city.work(scopes=scopes) as work:
                with pytest.raises(PersonNotFound):
                    reading.get_person(work, person_id=first["id"])
                for wanted in (
                    {"id_type": "resident_id", "id_number": number},
                    {"name": "黄庭坚", "phone": "13911110013"},
                ):
                    assert listing.search_people(work, keys=city.keys, page=Paging(), **wanted)["items"] == []
        with open_work(city.engine, caller=NOTIFY, now=NOW) as work:
            read = contacts.read_contacts(work, keys=city.keys, person_ids=[first["id"]], purpose="a test")
        assert read == {"items": []}
        anew = person(city, id_number=number, name="黄庭坚")
        assert (anew["created"], anew["id"] == first["id"]) == (True, False)
        with pytest.raises(PersonNotFound):
            erase(city, UUID(int=7))


class TestExport:
    def test_is_all_that_departments_have_reported_and_for_the_person_alone(self, city: City) -> None:
        number = city.id_number()
        first = person(city, id_number=number, name="米芾", phone="13911110014")
        again(city, "other", number, name="米芾", phone="13911110015")
        app = Caller("app", "education", "r", trusted=True, client_type="channel", subject=f"person:{first['id']}")
        with open_work(city.engine, caller=app, now=NOW) as work:
            found = own_data.export_person(work, keys=city.keys, person_id=first["id"])
        assert (found["name"], found["id_number"], found["phone"]) == ("米芾", number, "+8613911110014")
        reported = [(one["department"], one["phone"]) for one in found["reports"]]
        assert reported == [("education", "+8613911110014"), ("other", "+8613911110015")]
        with city.work() as work, pytest.raises(PersonNotFound):
            own_data.export_person(work, keys=city.keys, person_id=first["id"])
