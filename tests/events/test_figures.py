"""What is counted of activities that were held, by the day they took place."""

from __future__ import annotations

import datetime as dt
from typing import Any

from contracts import figures as schemas
from services.events import figures
from tests.events.conftest import DAY, HOUR, NOW, Town, session

TODAY = dt.date(2026, 11, 23)


def count(
    town: Town, *kinds: str, day: dt.date = TODAY, count: str = "sessions", county: str | None = None, **of: Any
) -> Any:
    """The value; the list has as many records, and names the departments."""
    body = {"key": "x", "count": count, "kind": "flow", "of": {"mechanism": "activities", "kinds": [*kinds], **of}}
    figure = schemas.Counting().load(body)
    with town.work() as work:
        (found,) = figures.count_figures(work, figures=[figure], as_of=day, county=county)["items"]
        page = figures.list_figure_records(work, figure=figure, as_of=day, county=county, limit=200)
    schemas.FigureRecordPage().dump(page)
    assert len(page["items"]) == found["n_records"]
    assert {one for row in page["items"] for one in row["reported_by"]} == set(found["reported_by"])
    return found["value"]


def hold(
    town: Town, kind: str, *, sessions: int = 1, starts_at: dt.datetime = NOW - HOUR, now: dt.datetime = NOW
) -> Any:
    activity = town.open(*[session(starts_at=starts_at) for _ in range(sessions)], kind=kind)
    town.move("hold", activity["id"], now=now)
    return activity


class TestSessions:
    def test_of_kinds_that_were_held_count_and_nothing_else(self, town: Town) -> None:
        for kind in ("talk", "talk", "talk", "visit"):
            hold(town, kind)
        hold(town, "salon", sessions=3)
        hold(town, "showcase")
        town.open(session(starts_at=NOW - HOUR), kind="talk")
        town.move("cancel", town.open(kind="talk")["id"])
        assert [count(town, kind) for kind in ("talk", "visit", "lecture")] == [3, 1, None]
        assert count(town, "salon", "showcase") == 4
        assert (count(town, "salon", count="records"), count(town, "talk", "visit", count="records")) == (1, 4)

    def test_count_for_their_day_whenever_they_were_recorded(self, town: Town) -> None:
        before = NOW - 30 * DAY
        hold(town, "lecture", starts_at=before)
        last_year = count(town, "lecture", day=dt.date(2027, 1, 1))
        days = (before.date() - DAY, before.date(), TODAY)
        assert ([count(town, "lecture", day=day) for day in days], last_year) == ([None, 1, 1], None)

    def test_go_on_counting_when_they_are_reported_by_their_department(self, town: Town) -> None:
        activity = hold(town, "training")
        town.move("report", activity["id"])
        of = {who: count(town, "training", where={"reported_by": who}) for who in ("youth_league", "education")}
        assert of == {"youth_league": 1, "education": None}

    def test_what_activities_have_not_yet_is_not_counted(self, town: Town) -> None:
        hold(town, "visit")
        assert count(town, "visit", count="organisations", role="participant") is None
        assert count(town, "visit", where={"topic": "x"}) is None
        assert count(town, "visit", county="990102") is None


class TestPeople:
    def test_count_once_and_attendances_each_time(self, town: Town) -> None:
        """人次 is not 人: who came twice is one person, and two attendances."""
        pupils = [town.person() for _ in range(2)]
        for number in range(2):
            activity = town.open(session(capacity=3), kind="study_tour")
            for pupil in pupils[: 2 - number]:
                town.scan(town.ticket(town.register(activity, pupil)), f"{number}{pupil}")
            town.register(activity, town.person())
            town.move("hold", activity["id"], now=NOW + DAY)
            if number == 0:
                town.move("report", activity["id"], attendance_stated=120)
        day = TODAY + DAY
        assert count(town, "study_tour", count="persons", day=day) == 2
        assert count(town, "study_tour", count="attendances", day=day) == 3
        assert count(town, "study_tour", count="headcount", day=day) == 120
