"""Who is within reach, and that nothing is disclosed outside it, on real PostgreSQL."""

from __future__ import annotations

import pytest

from chassis.store.work import Caller, open_work
from contracts.language.paging import Paging
from services.talent import affiliations
from services.talent.people import duplicates, listing, reading
from services.talent.people.refusals import PersonNotFound
from tests.talent.conftest import NOW, City
from tests.talent.people.reporting import again, person, report_affiliation


class TestReach:
    def test_of_a_document_under_another_name_tells_nothing(self, city: City) -> None:
        known, unknown = city.id_number(), city.id_number()
        first = person(city, id_number=known, phone="13911112222", email="victim@example.com")

        def reported(number: str, name: str) -> dict[str, object]:
            answer = again(city, "foreign", number, name=name)
            return {key: value for key, value in answer.items() if key not in ("id", "id_number_masked")}

        assert reported(known, "司马光") == reported(unknown, "司马光")
        other = city.id_number()
        person(city, id_number=other, phone="13911112222", email="victim@example.com")
        assert reported(other, "欧阳修") == reported(city.id_number(), "欧阳修")
        repeated = again(city, "foreign", known, name="司马光")
        assert (repeated["verdict"], repeated["id"] == first["id"]) == ("unchanged", False)
        corrected = again(city, "foreign", known, name="欧阳修")  # its own provisional person, still
        assert (corrected["verdict"], corrected["id"]) == ("accepted", repeated["id"])

    def test_is_ones_own_reports_and_the_people_of_organisations_that_trust(self, city: City) -> None:
        first, school = person(city), city.university(trusted_departments=["trusted_one"])
        for department in ("trusted_one", "stranger"):
            with pytest.raises(PersonNotFound), city.work(department) as work:
                reading.get_person(work, person_id=first["id"])
        report_affiliation(city, first["id"], school)
        with city.work("trusted_one") as work:
            found = reading.get_person(work, person_id=first["id"])
            page = listing.list_people(work, page=Paging(limit=5))
        assert [item["id"] for item in page["items"]] == [first["id"]]
        masked = str(found["id_number_masked"])
        assert (masked[:-4], len(masked), found["reported_by"]) == ("*" * 14, 18, [])
        with city.work("stranger") as work:
            assert listing.list_people(work, page=Paging(limit=5)) == {"items": [], "next_after": None}

    def test_of_an_affiliation_is_its_persons_and_who_reported_it_is_shown_to_whom_its_organisation_trusts(
        self, city: City
    ) -> None:
        number, school = city.id_number(), city.university(trusted_departments=["trusted_two"])
        first = person(city, id_number=number)
        report_affiliation(city, first["id"], school)
        # an organisation of somebody else trusts campus, which has reported this person too
        report_affiliation(city, person(city)["id"], city.university("campus"))
        again(city, "campus", number)
        for department, seen in (("trusted_two", [["education"]]), ("campus", [[]]), ("passer_by", [])):
            with city.work(department) as work:
                page = affiliations.list_affiliations(work, page=Paging(limit=5), person_id=first["id"])
            assert [item["reported_by"] for item in page["items"]] == seen, department

    def test_of_a_person_is_themself(self, city: City) -> None:
        first, other = person(city), person(city)
        app = Caller("app", "education", "r", trusted=True, client_type="channel", subject=f"person:{first['id']}")
        with open_work(city.engine, caller=app, now=NOW) as work:
            assert reading.get_person(work, person_id=first["id"])["phone_masked"] == "138****8000"
            assert [item["id"] for item in listing.list_people(work, page=Paging(limit=5))["items"]] == [first["id"]]
            with pytest.raises(PersonNotFound):
                reading.get_person(work, person_id=other["id"])

    def test_pairs_are_dismissed_once(self, city: City) -> None:
        number = city.id_number()
        person(city, id_number=number)
        provisional = again(city, "foreign", number, name="司马光")["id"]
        for _ in range(2):
            with city.work(scopes=["people:all"]) as work:
                answer = duplicates.dismiss_duplicate_person(work, provisional_id=provisional)
            assert answer["state"] == "dismissed"
        with city.work(scopes=["people:all"]) as work:
            listed = duplicates.list_duplicate_people(work, page=Paging(limit=200), state="open")["items"]
        assert provisional not in {item["id"] for item in listed}
