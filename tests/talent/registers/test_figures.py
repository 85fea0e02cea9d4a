"""The counting law of registers: states by day, each entry once, by reporter, county and field; the list is the number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, update

from chassis.ground.ids import uuid7
from contracts import figures as schemas
from services.talent import figures
from services.talent.registers.tables import RegisterEntry, RegisterKind, RegisterParty, RegisterReport
from tests.support.servers import Make
from tests.talent.conftest import NOW, City

STATES = ("proposed", "agreed", "running", "done", "ended")
COUNTIES = ("990102", "990121")


class Registers:
    """A town's registers, as reports have left them."""

    def __init__(self, town: City) -> None:
        self.town = town

    def kind(self, key: str, *, parties: tuple[str, ...] = (), reporters: tuple[str, ...] = ("harbour",)) -> None:
        row = {
            "key": key,
            "name": {"zh-CN": key, "en": key},
            "programme": "x01",
            "declared": [],
            "natural_key": ["title"],
            "states": [{"key": state} for state in STATES],
            "parties": [{"role": role} for role in parties],
            "reporters": [*reporters],
            "version": 1,
            "created_at": NOW,
            "updated_at": NOW,
        }
        with self.town.work() as work:
            work.session.execute(insert(RegisterKind), [row])

    def entry(
        self,
        kind: str,
        *days: str | None,
        county: str | None = None,
        by: tuple[str, ...] = ("harbour",),
        parties: dict[str, Any] | None = None,
        **fields: Any,
    ) -> UUID:
        """An entry with its days in the order of STATES."""
        made = uuid7()
        its_days: dict[str, Any] = {f"{state}_on": None for state in STATES}
        its_days |= {f"{state}_on": dt.date.fromisoformat(day) for state, day in zip(STATES, days, strict=False) if day}
        about = {"county": county, "fields": fields}
        at = {"created_at": NOW, "updated_at": NOW}
        entry = {"id": made, "kind_key": kind, "identity": str(made), "title": f"舢板{made}", "title_key": str(made)}
        with self.town.work() as work:
            work.session.execute(insert(RegisterEntry), [{**entry, **its_days, **about, **at, "version": 1}])
            for role, party in (parties or {}).items():
                of = {"organisation_id": None, "person_id": None} | party
                identity = of["organisation_id"] or of["person_id"]
                work.session.execute(
                    insert(RegisterParty), [{"entry_id": made, "role": role, "party_id": identity, **of}]
                )
            for department in by:
                report = {"entry_id": made, "department": department, "client_id": "c", "parties": [], "fields": {}}
                work.session.execute(insert(RegisterReport), [{**report, "reported_at": NOW}])
        return made

    def same(self, entry: UUID, other: UUID | None) -> None:
        with self.town.work() as work:
            work.session.execute(update(RegisterEntry).where(RegisterEntry.id == entry).values(same_as=other))

    def figure(self, kind: str, *kinds: str, count: str = "records", **of: Any) -> dict[str, Any]:
        starts_on = of.pop("starts_on", None)
        of = {"mechanism": of.pop("mechanism", "registers"), "kinds": [*kinds], **of}
        body = {"key": "x", "count": count, "kind": kind, "of": of, "starts_on": starts_on}
        return dict(schemas.Counting().load(body))

    def count(self, figure: dict[str, Any], day: str, county: str | None = None) -> tuple[Any, int, list[str]]:
        """Value, records and reporters; the list has as many records, with the same reporters."""
        on = dt.date.fromisoformat(day)
        with self.town.work() as work:
            (found,) = figures.count_figures(work, figures=[figure], as_of=on, county=county)["items"]
        rows = self.list(figure, day, county)
        assert len(rows) == found["n_records"]
        assert {one for row in rows for one in row["reported_by"]} == set(found["reported_by"])
        if figure["count"] == "measure":
            assert sum(row["amount"] for row in rows) == (found["value"] or 0)
        schemas.FigureCounts().dump({"items": [found]})
        return found["value"], found["n_records"], found["reported_by"]

    def list(self, figure: dict[str, Any], day: str, county: str | None = None) -> list[dict[str, Any]]:
        """All pages, two records each."""
        rows: list[dict[str, Any]] = []
        after = None
        with self.town.work() as work:
            while True:
                given = {"as_of": dt.date.fromisoformat(day), "county": county, "limit": 2, "after": after}
                page = figures.list_figure_records(work, figure=figure, **given)
                rows += page["items"]
                if (after := page["next_after"]) is None:
                    return rows


@pytest.fixture(scope="module")
def registers(module_migrated_database: Make) -> Iterator[Registers]:
    town = City(module_migrated_database("talent"))
    yield Registers(town)
    town.close()


class TestStates:
    def test_a_stock_is_in_the_state_of_the_day_and_a_flow_in_the_period_of_its_first_day(
        self, registers: Registers
    ) -> None:
        registers.kind("boat")
        registers.entry("boat", None, "2031-03-01", "2031-05-01")
        registers.entry("boat", "2031-01-05", None, "2031-05-02", None, "2031-09-01")
        registers.entry("boat", None, "2030-12-31", "2031-02-01")
        afloat = registers.figure("stock", "boat", states=["running"])
        days = ("2031-01-31", "2031-02-01", "2031-05-02", "2031-08-31", "2031-09-01")
        assert [registers.count(afloat, day)[0] for day in days] == [None, 1, 3, 3, 2]
        assert [registers.count(registers.figure("stock", "boat"), day)[0] for day in days] == [2, 2, 3, 3, 2]
        started = registers.figure("flow", "boat", states=["agreed", "running"])
        assert [registers.count(started, day)[0] for day in ("2031-02-28", *days[2:])] == [None, 2, 2, 2]
        began = registers.figure("flow", "boat")
        assert [registers.count(began, day)[0] for day in ("2030-12-31", "2031-12-31")] == [1, 2]
        since = registers.figure("flow", "boat", starts_on="2030-01-01")
        assert registers.count(since, "2031-12-31")[0] == 3

    def test_a_late_entry_dated_back_counts_for_its_day(self, registers: Registers) -> None:
        registers.kind("raft")
        launched = registers.figure("flow", "raft")
        assert registers.count(launched, "2029-04-01") == (None, 0, [])
        registers.entry("raft", "2029-03-31")
        assert registers.count(launched, "2029-04-01") == (1, 1, ["harbour"])
        assert registers.list(launched, "2029-04-01")[0]["on"] == dt.date(2029, 3, 31)


class TestNarrowing:
    def test_by_county_field_and_reporter(self, registers: Registers) -> None:
        registers.kind("club", reporters=("harbour", "school", "silent"))
        for _ in range(3):
            registers.entry("club", "2031-01-01", county=COUNTIES[0], by=("harbour", "school"), level="high", boats=2)
        registers.entry("club", "2031-01-01", county=COUNTIES[1], level="low", covered=True, boats="7.5")
        registers.entry("club", "2031-01-01", by=("school",))
        whole = registers.figure("stock", "club")
        counts = [registers.count(whole, "2031-06-01", county)[0] for county in (None, *COUNTIES, "990999")]
        assert counts == [5, 3, 1, None]
        of_level = registers.figure("stock", "club", where={"level": "high"})
        covered = registers.figure("stock", "club", where={"covered": True})
        assert [registers.count(one, "2031-06-01")[0] for one in (of_level, covered)] == [3, 1]
        by = {
            department: registers.count(
                registers.figure("stock", "club", where={"reported_by": department}), "2031-06-01"
            )
            for department in ("harbour", "school", "silent")
        }
        assert by == {
            "harbour": (4, 4, ["harbour", "school"]),
            "school": (4, 4, ["harbour", "school"]),
            "silent": (None, 0, []),
        }
        boats = registers.figure("stock", "club", count="measure", field="boats")
        assert registers.count(boats, "2031-06-01")[:2] == (13.5, 4)
        assert registers.count(registers.figure("stock", "club", programme="X01"), "2031-06-01")[0] == 5

    def test_what_cannot_be_counted_yet_is_not_reported(self, registers: Registers) -> None:
        for figure in (
            registers.figure("flow", "boat", count="attendances"),
            registers.figure("flow", "boat", mechanism="posts"),
            registers.figure("flow", "no_such_kind"),
        ):
            assert registers.count(figure, "2031-06-01") == (None, 0, [])


class TestTwice:
    def test_entries_that_are_the_same_count_once_with_both_reporters(self, registers: Registers) -> None:
        """Trap 1: two departments report the same projects, under other names."""
        registers.kind("project", reporters=("harbour", "zone"))
        ours = [registers.entry("project", "2031-02-01", by=("harbour",)) for _ in range(3)]
        theirs = [registers.entry("project", "2031-02-01", by=("zone",)) for _ in range(3)]
        of = {
            department: registers.figure("flow", "project", where={"reported_by": department})
            for department in ("harbour", "zone")
        }
        whole = registers.figure("flow", "project")
        assert registers.count(whole, "2031-12-31")[0] == 6
        for mine, other in zip(ours, theirs, strict=True):
            registers.same(other, mine)
        both = ["harbour", "zone"]
        assert registers.count(whole, "2031-12-31") == (3, 3, both)
        assert [registers.count(one, "2031-12-31") for one in of.values()] == [(3, 3, both), (3, 3, both)]
        registers.same(theirs[0], None)
        assert registers.count(whole, "2031-12-31")[0] == 4
        assert registers.count(of["zone"], "2031-12-31")[0] == 3

    def test_organisations_count_once_and_a_person_gives_no_title(self, registers: Registers) -> None:
        registers.kind("berth", parties=("tenant", "site"))
        tenants = [registers.town.university() for _ in range(2)]
        site = registers.town.university()
        for tenant in (*tenants, tenants[0]):
            parties = {"tenant": {"organisation_id": tenant}, "site": {"organisation_id": site}}
            registers.entry("berth", None, None, "2031-02-01", parties=parties)
        of_role = {
            role: registers.figure("stock", "berth", count="organisations", role=role) for role in ("tenant", "site")
        }
        found = {role: registers.count(one, "2031-03-01")[:2] for role, one in of_role.items()}
        assert found == {"tenant": (2, 3), "site": (1, 3)}
        assert all(row["label"].startswith("舢板") for row in registers.list(of_role["tenant"], "2031-03-01"))
