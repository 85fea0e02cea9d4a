"""Activities held, by the programme of their kind: counted from records, and of a past day the same for ever."""

from __future__ import annotations

import datetime as dt

from contracts import figures as schemas
from contracts.figures import FIGURES
from services.events import figures
from tests.events.conftest import DAY, HOUR, NOW, Town, session

TODAY = dt.date(2026, 11, 23)


def count(town: Town, day: dt.date | None = None, keys: list[str] | None = None) -> dict[str, int]:
    with town.work() as work:
        counted = schemas.Figures().dump(figures.count_figures(work, as_of=day, keys=keys))
    return {item["key"].removesuffix(".held"): item["value"] for item in counted["items"]}


def hold(town: Town, kind: str, *, sessions: int = 1, now: dt.datetime = NOW) -> None:
    activity = town.open(*[session(starts_at=NOW - HOUR) for _ in range(sessions)], kind=kind)
    town.move("hold", activity["id"], now=now)


class TestCounting:
    def test_counts_what_was_held_by_kind_and_nothing_else(self, town: Town) -> None:
        for kind in ("talk", "talk", "talk", "visit", "job_fair", "sports"):
            hold(town, kind)
        town.open(session(starts_at=NOW - HOUR), kind="talk")
        town.move("cancel", town.open(kind="talk")["id"])
        found = count(town)
        assert (found["talks"], found["visits"], found["job_fairs"], found["lectures"]) == (3, 1, 1, 0)

    def test_counts_sessions_where_the_report_does(self, town: Town) -> None:
        """F16: mentoring, salons and showcases together, 135场次."""
        hold(town, "salon", sessions=3)
        hold(town, "showcase")
        hold(town, "talk", sessions=2)
        found = count(town)
        assert (found["startup_activities"], found["talks"]) == (4, 1)

    def test_of_a_past_day_is_not_changed_by_later_records(self, town: Town) -> None:
        hold(town, "talk")
        midnight = dt.datetime(2026, 11, 23, 16, 0, tzinfo=dt.UTC)  # 00:00 on the 24th in Shanghai
        hold(town, "talk", now=midnight)
        assert count(town, TODAY)["talks"] == 1
        assert count(town, TODAY + DAY)["talks"] == 2
        assert count(town, TODAY - DAY)["talks"] == 0

    def test_goes_on_counting_what_is_reported(self, town: Town) -> None:
        activity = town.open(session(starts_at=NOW - HOUR), kind="lecture")
        town.move("hold", activity["id"])
        town.move("report", activity["id"])
        assert count(town)["lectures"] == 1

    def test_says_unit_and_day_of_every_figure_it_is_named_for(self, town: Town) -> None:
        with town.work() as work:
            items = figures.count_figures(work)["items"]
        assert {item["key"] for item in items} == {key for key, entry in FIGURES.items() if entry.service == "events"}
        assert {(item["as_of"], item["state"], item["n_records"]) for item in items} == {(TODAY, "counted", 0)}
        assert count(town, keys=["talks.held", "scenic.areas"]).keys() == {"talks"}
