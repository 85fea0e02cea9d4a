"""The figures of clause P35: counted from records, each once, and of a past day the same for ever."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from contracts import figures as schemas
from services.perks import figures
from tests.perks.conftest import NOW, TODAY, City, Story, set_event

REPORT = dt.date(2023, 10, 27)
DAY = dt.timedelta(days=1)


def counted(
    city: City, day: dt.date | None = None, *, count: str = "organisations", kind: str = "stock", **of: Any
) -> Any:
    """A figure of the schemes' key; the list has as many records."""
    of = {"mechanism": "schemes", "kinds": ["scenic_areas"]} | of
    figure = schemas.Counting().load({"key": "x", "count": count, "kind": kind, "of": of})
    with city.work() as work:
        (found,) = figures.count_figures(work, figures=[figure], as_of=day)["items"]
        page = figures.list_figure_records(work, figure=figure, as_of=day, limit=200)
    schemas.FigureRecordPage().dump(page)
    assert len(page["items"]) == found["n_records"]
    return found


def pairs(city: City, day: dt.date) -> tuple[int, int]:
    return tuple(counted(city, day, role=role)["value"] or 0 for role in ("place", "institution"))  # type: ignore[return-value]


@pytest.fixture
def matrix(city: City) -> City:
    """40 areas × 19 universities, as the report has them."""
    city.publish_set("areas", 1, [city.organisation("scenic_area") for _ in range(40)])
    city.universities = [city.organisation() for _ in range(19)]  # type: ignore[attr-defined]
    city.publish_set("universities", 1, city.universities)  # type: ignore[attr-defined]
    city.publish_scheme()
    return city


class TestCounting:
    def test_counts_forty_areas_and_nineteen_universities_once_each(self, matrix: City) -> None:
        assert pairs(matrix, TODAY) == pairs(matrix, REPORT) == (40, 19)

    def test_says_who_published_the_scheme_and_nothing_where_there_is_none(self, matrix: City) -> None:
        assert counted(matrix, role="place")["reported_by"] == ["culture_tourism"]
        nothing = {"value": None, "n_records": 0, "reported_by": []}
        for of in ({"role": "place", "kinds": ["no_scheme"]}, {}, {"role": "place", "where": {"level": "a"}}):
            assert {name: counted(matrix, **of)[name] for name in nothing} == nothing

    def test_counts_admissions_up_to_the_end_of_the_day_and_no_refusals(self, city: City) -> None:
        story = Story(city)
        midnight = dt.datetime(2026, 11, 23, 16, 0, tzinfo=dt.UTC)  # 00:00 on the 24th in Shanghai
        for number, at in enumerate((midnight - dt.timedelta(seconds=1), midnight - dt.timedelta(hours=1), midnight)):
            city.scan(story.token, story.area, f"n{number}", now=at)
        of = {"mechanism": "redemptions", "count": "attendances", "kind": "flow"}
        assert [counted(city, day, **of)["value"] for day in (TODAY - DAY, TODAY, TODAY + DAY)] == [None, 1, 2]
        assert counted(city, TODAY, **of, where={"reported_by": "silent"})["value"] is None


class TestPastDays:
    def test_a_twentieth_university_counts_from_the_day_it_joins(self, matrix: City) -> None:
        joined: list[Any] = [*matrix.universities, matrix.organisation()]  # type: ignore[attr-defined]
        matrix.publish_set("universities", 2, joined, now=NOW + DAY)
        assert pairs(matrix, TODAY) == pairs(matrix, REPORT) == (40, 19)
        assert pairs(matrix, TODAY + DAY) == (40, 20)

    def test_a_university_left_out_of_a_later_version_still_counted_before(self, matrix: City) -> None:
        matrix.publish_set("universities", 2, matrix.universities[:-1], now=NOW + DAY)  # type: ignore[attr-defined]
        assert (pairs(matrix, TODAY), pairs(matrix, TODAY + DAY)) == ((40, 19), (40, 18))

    def test_a_later_version_of_the_scheme_changes_no_earlier_day(self, matrix: City) -> None:
        matrix.publish_scheme(1, valid_from=TODAY + 2 * DAY, now=NOW + DAY)
        assert pairs(matrix, TODAY) == pairs(matrix, REPORT) == (40, 19)
        assert (pairs(matrix, TODAY + DAY), pairs(matrix, TODAY + 2 * DAY)) == ((0, 0), (40, 19))

    def test_a_correction_on_the_first_day_tells_of_the_past_too(self, matrix: City) -> None:
        hours = dt.timedelta(hours=3)
        matrix.publish_set("universities", 2, matrix.universities[:17], now=NOW + hours)  # type: ignore[attr-defined]
        assert pairs(matrix, REPORT) == pairs(matrix, TODAY) == (40, 17)

    def test_periods_are_half_open(self, city: City) -> None:
        city.publish_set("areas", 1, [city.organisation("scenic_area")])
        about = {"from_on": "2026-12-01", "until_on": "2026-12-05"}
        city.publish_set("universities", 1, [city.organisation()], **about)
        city.publish_scheme()
        days = [dt.date(2026, 11, 30), dt.date(2026, 12, 1), dt.date(2026, 12, 4), dt.date(2026, 12, 5)]
        assert [pairs(city, day) for day in days] == [(0, 0), (1, 1), (1, 1), (0, 0)]

    def test_versions_that_arrive_late_or_twice_count_the_same(self, matrix: City) -> None:
        members: list[Any] = matrix.universities  # type: ignore[attr-defined]
        second = set_event("universities", 2, members[:-1], time=NOW + DAY)
        third = set_event("universities", 3, members[:-2], time=NOW + 2 * DAY)
        resent = set_event("universities", 2, members[:-1], time=NOW + 5 * DAY)
        for event in (third, resent, second, third):
            matrix.hear_sets(event, now=NOW + 5 * DAY)
        days = [TODAY, TODAY + DAY, TODAY + 2 * DAY]
        assert [pairs(matrix, day) for day in days] == [(40, 19), (40, 18), (40, 17)]
