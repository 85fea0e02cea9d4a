"""What talent counts of its own records, as of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from services.talent import figures, organisations, people
from tests.support.servers import Make
from tests.talent.conftest import City

FIRST = dt.datetime(2026, 9, 1, 15, 59, tzinfo=dt.UTC)  # 23:59 in Shanghai
SECOND = FIRST + dt.timedelta(minutes=1)  # the next day there


@pytest.fixture
def town(migrated_database: Make) -> Iterator[City]:
    made = City(migrated_database("talent"))
    yield made
    made.close()


def register(town: City, name: str, at: dt.datetime, kind: str = "university") -> dict[str, object]:
    with town.work(now=at) as work:
        return organisations.register_organisation(work, kind=kind, name=name)


def counts(town: City, day: str) -> dict[str, int]:
    with town.work(now=SECOND + dt.timedelta(days=9)) as work:
        items = figures.count_figures(work, as_of=dt.date.fromisoformat(day))["items"]
    return {item["key"]: item["value"] for item in items}


class TestCountFigures:
    def test_counts_each_record_from_its_day_in_shanghai_on(self, town: City) -> None:
        register(town, "甲大学", FIRST)
        register(town, "乙大学", SECOND)
        register(town, "丙景区", SECOND, kind="scenic_area")
        for department, at in (("education", FIRST), ("youth_league", SECOND)):
            with town.work(department, now=at) as work:
                person = {"name": "张三", "id_type": "passport", "id_number": "E12345678", "phone": None}
                people.register_person(work, keys=town.keys, **person)
        assert counts(town, "2026-08-31") == {"talent.people": 0, "talent.organisations": 0, "talent.universities": 0}
        assert counts(town, "2026-09-01") == {"talent.people": 1, "talent.organisations": 1, "talent.universities": 1}
        assert counts(town, "2026-09-02") == {"talent.people": 1, "talent.organisations": 3, "talent.universities": 2}

    def test_a_later_closing_does_not_change_an_earlier_day(self, town: City) -> None:
        made = register(town, "甲大学", FIRST)
        with town.work(now=SECOND) as work:
            organisations.change_organisation(
                work, organisation_id=made["id"], version=1, changes={"status": "closed", "name": "甲学院"}
            )
        with town.work(now=SECOND + dt.timedelta(days=1)) as work:
            organisations.change_organisation(work, organisation_id=made["id"], version=2, changes={"status": "active"})
        assert [counts(town, f"2026-09-0{day}")["talent.universities"] for day in (1, 2, 3)] == [1, 0, 1]

    def test_of_two_changes_the_one_that_waited_longer_for_the_record_counts_as_the_last(self, town: City) -> None:
        made = register(town, "甲大学", FIRST - dt.timedelta(hours=1))
        with town.work(now=FIRST) as late:  # begins first, and is held up
            with town.work(now=FIRST + dt.timedelta(seconds=1)) as work:
                change = {"organisation_id": made["id"], "version": 1, "changes": {"status": "closed"}}
                organisations.change_organisation(work, **change)
            change = {"organisation_id": made["id"], "version": 2, "changes": {"status": "active"}}
            organisations.change_organisation(late, **change)
        assert counts(town, "2026-09-01")["talent.universities"] == 1

    def test_answers_only_the_requested_keys_it_has(self, town: City) -> None:
        with town.work() as work:
            answer = figures.count_figures(work, keys=["talent.people", "scenic.areas"])
        assert [item["key"] for item in answer["items"]] == ["talent.people"]
        assert answer["items"][0]["state"] == "counted"
