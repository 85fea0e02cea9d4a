"""Contacts in the clear: whole, in order, only with a record of who read them, and only for the service that sends."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from chassis.store.work import Caller, open_work
from contracts.talent import contacts as schemas
from services.talent import people
from services.talent.people import contacts
from tests.talent.conftest import NOW, City

NOTIFY = Caller(client_id="platform", department="platform", request_id="r1", broker_user="notify")


def person(city: City, name: str, **fields: Any) -> Any:
    with city.work() as work:
        registered = {"name": name, "id_type": "resident_id", "id_number": city.id_number(), "phone": None, **fields}
        return people.register_person(work, keys=city.keys, **registered)["id"]


def read(city: City, *person_ids: Any) -> list[dict[str, Any]]:
    with open_work(city.engine, caller=NOTIFY, now=NOW) as work:
        found = contacts.read_contacts(work, keys=city.keys, person_ids=person_ids, purpose="messages")
    return list(found["items"])


class TestReadContacts:
    def test_gives_name_phone_and_address_of_those_known(self, city: City) -> None:
        first = person(city, "张三", phone="13800138000", email="zhang@example.com")
        second = person(city, "李四")
        found = {item["person_id"]: item for item in read(city, second, first, uuid.uuid4(), first)}
        assert found == {
            first: {
                "person_id": first,
                "name": "张三",
                "phone": "+8613800138000",
                "email": "zhang@example.com",
                "language": "zh-CN",
            },
            second: {"person_id": second, "name": "李四", "phone": None, "email": None, "language": "zh-CN"},
        }

    def test_leaves_a_record_of_who_was_read_and_why_without_contacts_in_it(self, city: City) -> None:
        who, stranger = person(city, "张三", phone="13800138000"), uuid.uuid4()
        read(city, who, stranger)
        (row,) = city.rows("select * from contact_reads where person_ids @> array[cast(:id as uuid)]", id=str(who))
        assert (row.read_by, row.purpose, sorted(row.person_ids)) == ("notify", "messages", sorted([who, stranger]))
        assert "13800138000" not in str(row) and "张三" not in str(row)

    def test_a_read_that_fails_leaves_neither(self, city: City) -> None:
        before = city.count("select count(*) from contact_reads")
        with pytest.raises(ZeroDivisionError), open_work(city.engine, caller=NOTIFY, now=NOW) as work:
            contacts.read_contacts(work, keys=city.keys, person_ids=[uuid.uuid4()], purpose="messages")
            raise ZeroDivisionError
        assert city.count("select count(*) from contact_reads") == before

    def test_takes_no_more_than_500_people_and_needs_a_purpose(self) -> None:
        request = {"person_ids": [str(uuid.uuid4()) for _ in range(501)], "purpose": ""}
        assert set(schemas.ReadContacts().validate(request)) == {"person_ids", "purpose"}
