"""Reporting people, as the tests of people do it."""

from __future__ import annotations

import datetime as dt

from services.talent import affiliations, people
from tests.talent.conftest import City


def person(city: City, department: str = "education", **fields: object) -> dict[str, object]:
    chosen = {
        "name": "欧阳修",
        "id_type": "resident_id",
        "id_number": city.id_number(),
        "phone": "13800138000",
    } | fields
    with city.work(department) as work:
        return people.register_person(work, keys=city.keys, **chosen)


def again(city: City, department: str, number: str, **fields: object) -> dict[str, object]:
    return person(city, department, id_number=number, **fields)


def report_affiliation(city: City, person_id: object, organisation_id: object) -> None:
    """Reported by the office that registered both."""
    with city.work() as work:
        affiliations.report_affiliation(
            work, person_id=person_id, organisation_id=organisation_id, role="student", from_on=dt.date(2026, 9, 1)
        )
