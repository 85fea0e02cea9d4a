"""People are found by a name and a phone together, and by what the caller is shown of them, on real PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from contracts.language.paging import Paging
from services.talent.people import backfilling, changing, listing
from services.talent.people.refusals import PersonInvalid
from tests.talent.conftest import City
from tests.talent.people.reporting import again, person, report_affiliation


def found(city: City, department: str, name: str, phone: str) -> list[Any]:
    with city.work(department) as work:
        page = listing.search_people(work, keys=city.keys, page=Paging(limit=5), name=name, phone=phone)
    return [item["id"] for item in page["items"]]


class TestSearch:
    def test_finds_any_spelling_and_follows_a_correction(self, city: City) -> None:
        first = person(city, name="欧阳 询", phone="13911110001")
        for name, phone in (
            ("欧阳询", "13911110001"),
            ("欧阳询", "+86 139-1111-0001"),
            (" 欧阳　询 ", "１３９１１１１０００１"),
        ):
            assert found(city, "education", name, phone) == [first["id"]]
        assert found(city, "education", "欧阳询", "13911110002") == []
        with city.work("education") as work:
            changes = {"phone": "13911110002"}
            changing.change_person(work, person_id=first["id"], version=1, changes=changes, keys=city.keys)
        assert found(city, "education", "欧阳询", "13911110001") == [first["id"]], "as its department has reported"
        assert found(city, "education", "欧阳询", "13911110002") == [first["id"]]

    def test_compares_what_the_caller_is_shown(self, city: City) -> None:
        number, school = city.id_number(), city.university(trusted_departments=["serving"])
        first = person(city, id_number=number, name="颜真卿", phone="13911110003")
        again(city, "other", number, name="颜真卿", phone="13911110004")
        assert found(city, "other", "颜真卿", "13911110004") == [first["id"]]
        assert found(city, "other", "颜真卿", "13911110003") == [], "another department's number"
        assert found(city, "serving", "颜真卿", "13911110003") == [], "out of reach"
        report_affiliation(city, first["id"], school)
        assert found(city, "serving", "颜真卿", "13911110003") == [first["id"]]
        assert found(city, "serving", "颜真卿", "13911110004") == [], "what the other department alone has reported"

    def test_of_something_that_is_no_phone_says_so(self, city: City) -> None:
        with pytest.raises(PersonInvalid) as refused:
            found(city, "education", "颜真卿", "12")
        assert [error["code"] for error in refused.value.errors] == ["phone_malformed"]

    def test_finds_whom_an_earlier_version_has_written(self, city: City) -> None:
        first = person(city, name="柳公权", phone="13911110005")
        with city.work("education") as work:
            for table in ("people", "person_reports"):
                work.session.execute(text(f"update {table} set contact_lookup = null"))
        assert found(city, "education", "柳公权", "13911110005") == []
        more = True
        while more:
            with city.work("education") as work:
                more = backfilling.fill_contact_lookups(work, keys=city.keys, limit=3)
        assert found(city, "education", "柳公权", "13911110005") == [first["id"]]
