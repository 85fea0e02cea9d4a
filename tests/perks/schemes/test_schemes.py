"""Publishing schemes: what is refused, versions that never change, and who is evaluated anew."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chassis.ground.ids import uuid7
from chassis.store.versions import VersionStale
from contracts import perks as schemas
from services.perks import schemes
from services.perks.entitlements import evaluation
from services.perks.schemes import SchemeInvalid, SchemeNotFound
from tests.perks.conftest import SCHEME, City
from tests.support.threads import at_once


def clause(**changes: Any) -> dict[str, Any]:
    return {**SCHEME["clauses"][0], **changes}


class TestPutScheme:
    def test_publishes_versions_that_stay_as_they_were(self, city: City) -> None:
        first = city.publish_scheme()
        second = city.publish_scheme(version=1, source="P35, second edition")
        assert (first["created"], first["version"]) == (True, 1)
        assert (second["created"], second["version"]) == (False, 2)
        assert [row.source for row in city.rows("select source from schemes order by version")] == [
            "P35",
            "P35, second edition",
        ]
        assert city.count("select count(*) from outbox where type = 'perks.scheme.published.v1'") == 2
        assert city.count("select count(*) from history where subject = 'scheme'") == 2

    def test_the_same_again_changes_nothing_and_starts_no_evaluation(self, city: City) -> None:
        city.publish_scheme()
        assert city.publish_scheme(version=1)["version"] == 1
        assert city.count("select count(*) from schemes") == 1
        assert city.count("select count(*) from evaluation_runs") == 1

    def test_many_in_a_row_have_everybody_evaluated_once_more_after_the_run_under_way(self, city: City) -> None:
        open_runs = "select count(*) from evaluation_runs where finished_at is null"
        university = city.organisation()
        city.publish_set("universities", 1, [university])
        city.hear(city.affiliation(uuid7(), university))
        city.settle()
        for version in range(3):
            city.publish_scheme(version=version or None, source=f"edition {version}")
        assert city.count(open_runs) == 1
        with city.work() as work:
            assert evaluation.run_chunk(work)
        for version in range(3, 6):
            city.publish_scheme(version=version, source=f"edition {version}")
        assert city.count(open_runs) == 2
        city.settle()
        assert city.rows("select scheme_version from entitlements")[0].scheme_version == 6

    @pytest.mark.parametrize("version", [None, 2])
    def test_refuses_to_replace_another_version_than_the_current_one(self, city: City, version: int | None) -> None:
        city.publish_scheme()
        with pytest.raises(VersionStale):
            city.publish_scheme(version=version, source="another")

    def test_of_two_publishers_at_once_one_is_refused(self, city: City) -> None:
        def publish(number: int) -> str:
            try:
                return f"version {city.publish_scheme(source=f'edition {number}')['version']}"
            except VersionStale:
                return "stale"

        assert sorted(at_once(publish, 2)) == ["stale", "version 1"]

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"clauses": [clause(), clause(id="bad", expr="affiliations.exists(")]}, "#/clauses/1/expr"),
            ({"clauses": [clause(), clause()]}, "#/clauses/1/id"),
            ({"valid_until": dt.date(2023, 1, 1)}, "#/valid_until"),
            ({"relation": [{**SCHEME["relation"][0], "until_on": dt.date(2022, 1, 1)}]}, "#/relation/0/until_on"),
        ],
    )
    def test_points_at_what_is_wrong_and_publishes_nothing(
        self, city: City, changes: dict[str, Any], pointer: str
    ) -> None:
        with pytest.raises(SchemeInvalid) as refused:
            city.publish_scheme(**changes)
        errors = refused.value.to_wire()["errors"]
        assert [error["pointer"] for error in errors] == [pointer]
        assert all(error["zh"] and error["en"] for error in errors)
        assert city.count("select count(*) from schemes") + city.count("select count(*) from evaluation_runs") == 0


class TestReading:
    def test_lists_the_current_versions(self, city: City) -> None:
        city.publish_scheme()
        city.publish_scheme(version=1, source="P35, second edition")
        with city.work() as work:
            listed = schemas.Schemes().dump(schemes.list_schemes(work))
            assert [(one["key"], one["version"]) for one in listed["items"]] == [("scenic_areas", 2)]
            with pytest.raises(SchemeNotFound):
                schemes.get_scheme(work, key="unheard_of")
