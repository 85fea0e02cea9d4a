"""Showing a person in full, on real PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from services.talent.people import disclosing, duplicates
from services.talent.people.refusals import PersonNotFound
from tests.talent.conftest import City
from tests.talent.people.reporting import again, person


def disclosed(city: City, department: str, person_id: object) -> dict[str, Any]:
    with city.work(department) as work:
        return disclosing.disclose_person(work, keys=city.keys, person_id=person_id, purpose="a letter")


def test_shows_the_record_to_who_made_it_and_to_others_what_they_have_reported(city: City) -> None:
    number = city.id_number()
    made = person(city, id_number=number, email="ouyang@example.com")["id"]
    again(city, "foreign", number, phone="13733334444")
    assert disclosed(city, "education", made) == {
        "id": made,
        "name": "欧阳修",
        "id_type": "resident_id",
        "id_number": number,
        "phone": "+8613800138000",
        "email": "ouyang@example.com",
    }
    theirs = disclosed(city, "foreign", made)
    assert (theirs["id_number"], theirs["phone"], theirs["email"]) == (number, "+8613733334444", None)
    with pytest.raises(PersonNotFound):
        disclosed(city, "stranger", made)


def test_of_a_merged_person_shows_the_report_of_its_own_record(city: City) -> None:
    number = city.id_number()
    survivor = person(city, id_number=number)["id"]
    provisional: Any = again(city, "foreign", number, name="司马光", phone="13733334444")["id"]
    with city.work(scopes=["people:all"]) as work:
        duplicates.merge_duplicate_person(work, provisional_id=provisional)
    shown = disclosed(city, "foreign", provisional)
    assert (shown["id"], shown["name"], shown["phone"]) == (survivor, "司马光", "+8613733334444")
