"""What a person is to an organisation, as departments report, confirm and end it, on real PostgreSQL."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from contracts.language.paging import Paging
from services.talent import affiliations, people
from services.talent.affiliations import (
    AffiliationEnded,
    AffiliationInvalid,
    AffiliationNotFound,
    AffiliationRow,
    DepartmentNotTrusted,
    EndsBeforeItBegan,
    report_affiliations,
)
from services.talent.organisations import OrganisationNotFound
from services.talent.people import PersonNotFound
from tests.talent.conftest import NOW, TODAY, City, at_once

SEPTEMBER = dt.date(2026, 9, 1)


class Student:
    """A person, a university that trusts `education`, and what is reported of the two."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.university = city.university("education")
        self.number = city.id_number()
        self._reporters: set[str] = set()
        self.id = self.reported_by("education")

    def reported_by(self, department: str) -> Any:
        """The person's id, after the department has reported them: they are within its reach."""
        if department in self._reporters:
            return self.id
        self._reporters.add(department)
        about = {"name": "张三", "id_type": "resident_id", "id_number": self.number}
        with self.city.work(department) as work:
            return people.register_person(work, keys=self.city.keys, **about)["id"]

    def report(self, department: str = "education", *, from_on: dt.date = SEPTEMBER, **fields: Any) -> dict[str, Any]:
        self.reported_by(department)
        chosen = {"person_id": self.id, "organisation_id": self.university, "role": "student", "from_on": from_on}
        with self.city.work(department) as work:
            return affiliations.report_affiliation(work, **chosen | fields)

    def events(self) -> list[tuple[str, int]]:
        known = self.city.rows("select cast(id as text) from affiliations where person_id = :id", id=self.id)
        ids = {row[0] for row in known}
        return [
            (event.removeprefix("talent.affiliation."), v) for event, subject, v in self.city.events() if subject in ids
        ]

    def history(self) -> list[tuple[str | None, str, dt.date]]:
        return [
            tuple(row)
            for row in self.city.rows(
                "select from_state, to_state, effective_on from history where subject = 'affiliation' and subject_id in"
                " (select cast(id as text) from affiliations where person_id = :id) order by id",
                id=self.id,
            )
        ]


@pytest.fixture
def student(city: City) -> Student:
    return Student(city)


def confirm(city: City, affiliation_id: Any, department: str = "education") -> dict[str, Any]:
    with city.work(department) as work:
        return affiliations.confirm_affiliation(work, affiliation_id=affiliation_id)


def end(city: City, affiliation_id: Any, department: str = "education", **fields: Any) -> dict[str, Any]:
    with city.work(department) as work:
        return affiliations.end_affiliation(work, affiliation_id=affiliation_id, **fields)


class TestReportAffiliation:
    def test_a_trusted_departments_report_is_confirmed_at_once(self, student: Student) -> None:
        answer = student.report()
        assert (answer["state"], answer["verdict"], answer["created"]) == ("confirmed", "accepted", True)
        assert student.events() == [("confirmed.v1", 1)]
        assert student.history() == [(None, "confirmed", SEPTEMBER)]

    def test_another_departments_report_waits_for_the_organisation(self, student: Student) -> None:
        waiting = student.report("youth_league", state="confirmed")
        assert (waiting["state"], waiting["verdict"]) == ("reported", "accepted")
        agreed = student.report("education")
        assert (agreed["id"], agreed["state"], agreed["version"]) == (waiting["id"], "confirmed", 2)
        assert sorted(agreed["reported_by"]) == ["education", "youth_league"]
        assert student.events() == [("reported.v1", 1), ("confirmed.v1", 2)]

    def test_the_same_report_again_writes_nothing(self, student: Student) -> None:
        student.report()
        before = student.events(), student.history()
        answer = student.report()
        assert (answer["verdict"], answer["created"], answer["version"]) == ("unchanged", False, 1)
        assert (student.events(), student.history()) == before

    def test_a_differing_report_is_kept_beside_the_record(self, student: Student) -> None:
        first = student.report()
        for _ in range(2):
            other = student.report("youth_league", from_on=dt.date(2026, 10, 1))
            assert (other["id"], other["verdict"], other["from_on"]) == (first["id"], "differs", SEPTEMBER)
            assert [found["pointer"] for found in other["differences"]] == ["#/from_on"]
            assert "在册 2026-09-01，本次报送 2026-10-01。" in other["differences"][0]["zh"]
        query = "select from_on from affiliation_reports where affiliation_id = :id and department = 'youth_league'"
        assert student.city.rows(query, id=first["id"]) == [(dt.date(2026, 10, 1),)]
        assert student.events() == [("confirmed.v1", 1)]

    def test_the_organisations_own_report_of_an_end_ends_it(self, student: Student) -> None:
        student.report()
        ended = student.report(until_on=dt.date(2026, 11, 1))
        assert (ended["state"], ended["until_on"], ended["verdict"]) == ("ended", dt.date(2026, 11, 1), "accepted")
        assert student.events()[-1] == ("ended.v1", 2)
        assert student.history()[-1] == ("confirmed", "ended", dt.date(2026, 11, 1))
        assert student.report(until_on=dt.date(2026, 11, 1))["verdict"] == "unchanged"

    def test_an_old_roster_does_not_revive_what_has_ended(self, student: Student) -> None:
        first = student.report()
        end(student.city, first["id"])
        again = student.report()
        assert (again["id"], again["state"], again["verdict"]) == (first["id"], "ended", "differs")

    def test_a_past_period_stands_beside_the_open_one(self, student: Student) -> None:
        student.report()
        past = student.report(from_on=dt.date(2020, 9, 1), until_on=dt.date(2024, 7, 1))
        older = student.report(from_on=dt.date(2016, 9, 1), until_on=dt.date(2019, 7, 1))
        assert (past["state"], older["state"]) == ("ended", "ended")
        assert past["created"]
        steps = {(None, "confirmed", dt.date(2020, 9, 1)), ("confirmed", "ended", dt.date(2024, 7, 1))}
        assert steps <= set(student.history())

    def test_a_new_period_ends_the_one_that_has_run_out(self, student: Student) -> None:
        earlier = NOW - dt.timedelta(days=900)
        row = AffiliationRow(student.id, student.university, "student", dt.date(2023, 9, 1), dt.date(2026, 7, 1))
        with student.city.work(now=earlier) as work:
            report_affiliations(work, [row])
        answer = student.report()
        assert answer["created"]
        assert sorted(student.events()) == [("confirmed.v1", 1), ("confirmed.v1", 1), ("ended.v1", 2)]

    def test_one_that_begins_later_may_be_reported_now(self, student: Student) -> None:
        answer = student.report(from_on=TODAY + dt.timedelta(days=90))
        assert (answer["state"], answer["created"]) == ("confirmed", True)

    def test_roles_and_organisations_do_not_disturb_one_another(self, student: Student) -> None:
        elsewhere = student.city.university()
        ids = {student.report()["id"], student.report(role="volunteer")["id"]}
        assert len(ids | {student.report(organisation_id=elsewhere)["id"]}) == 3

    def test_refuses_strangers_and_impossible_periods(self, student: Student) -> None:
        with pytest.raises(PersonNotFound):
            student.report(person_id=uuid.uuid4())
        with pytest.raises(OrganisationNotFound):
            student.report(organisation_id=uuid.uuid4())
        with pytest.raises(AffiliationInvalid) as refused:
            student.report(until_on=SEPTEMBER)
        assert [error["pointer"] for error in refused.value.errors] == ["#/until_on"]


class TestRacingReports:
    def test_twenty_reports_make_one_affiliation_and_one_event(self, student: Student) -> None:
        answers = at_once(20, lambda _: student.report())
        assert len({answer["id"] for answer in answers}) == 1
        assert sorted(answer["verdict"] for answer in answers) == ["accepted"] + ["unchanged"] * 19
        assert student.events() == [("confirmed.v1", 1)]

    def test_departments_racing_end_confirmed_once(self, student: Student) -> None:
        departments = ["education", *(f"department{number}" for number in range(9))]
        answers = at_once(10, lambda index: student.report(departments[index]))
        assert {answer["verdict"] for answer in answers} == {"accepted"}
        with student.city.work() as work:
            final = affiliations.get_affiliation(work, affiliation_id=answers[0]["id"])
        assert final["state"] == "confirmed"
        assert sorted(final["reported_by"]) == sorted(departments)
        assert [event for event, _ in student.events()].count("confirmed.v1") == 1

    def test_different_claims_racing_leave_one_open(self, student: Student) -> None:
        starts = [SEPTEMBER + dt.timedelta(days=index) for index in range(10)]
        answers = at_once(10, lambda index: student.report(f"department{index}", from_on=starts[index]))
        assert sorted(answer["verdict"] for answer in answers) == ["accepted"] + ["differs"] * 9
        assert student.city.count("select count(*) from affiliations where person_id = :id", id=student.id) == 1

    def test_rosters_racing_in_opposite_orders_confirm_each_once(self, student: Student) -> None:
        roles = ("student", "staff", "member", "volunteer", "employee")
        places = [student.city.university() for _ in range(20)]
        rows = [AffiliationRow(student.id, place, role, SEPTEMBER) for place in places for role in roles]
        with student.city.work("youth_league") as work:
            report_affiliations(work, rows)

        def load(index: int) -> list[str]:
            with student.city.work() as work:
                return [done.verdict for done in report_affiliations(work, rows if index % 2 else rows[::-1])]

        verdicts = [verdict for done in at_once(6, load) for verdict in done]
        assert (verdicts.count("accepted"), verdicts.count("unchanged")) == (100, 500)
        assert [event for event, _ in student.events()].count("confirmed.v1") == 100

    def test_confirming_and_ending_at_once_end_it(self, student: Student) -> None:
        waiting = student.report("youth_league")

        def act(index: int) -> str:
            try:
                return str((confirm if index % 2 else end)(student.city, waiting["id"])["state"])
            except AffiliationEnded:
                return "refused"

        at_once(8, act)
        with student.city.work() as work:
            final = affiliations.get_affiliation(work, affiliation_id=waiting["id"])
        assert final["state"] == "ended"
        versions = [version for _, version in student.events()]
        assert versions == sorted(set(versions))


class TestConfirmAffiliation:
    def test_confirming_twice_is_the_same_answer(self, student: Student) -> None:
        waiting = student.report("youth_league")
        assert confirm(student.city, waiting["id"]) == confirm(student.city, waiting["id"])
        assert student.events() == [("reported.v1", 1), ("confirmed.v1", 2)]

    def test_refuses_departments_the_organisation_does_not_trust(self, student: Student) -> None:
        waiting = student.report("youth_league")
        with pytest.raises(DepartmentNotTrusted):
            confirm(student.city, waiting["id"], "youth_league")

    def test_refuses_what_has_ended_and_what_is_not_there(self, student: Student) -> None:
        waiting = student.report("youth_league")
        end(student.city, waiting["id"], "youth_league")
        with pytest.raises(AffiliationEnded):
            confirm(student.city, waiting["id"])
        with pytest.raises(AffiliationNotFound):
            confirm(student.city, uuid.uuid4())


class TestEndAffiliation:
    def test_ends_today_and_twice_is_the_same(self, student: Student) -> None:
        first = student.report()
        ended = end(student.city, first["id"], reason="退学 13800138000")
        assert (ended["state"], ended["until_on"], ended["version"]) == ("ended", TODAY, 2)
        assert end(student.city, first["id"], until_on=TODAY) == ended
        assert student.events() == [("confirmed.v1", 1), ("ended.v1", 2)]
        (reason,) = student.city.rows(
            "select reason from history where subject_id = :id and to_state = 'ended'", id=str(first["id"])
        )
        assert reason[0].startswith("退学")
        assert "13800138000" not in reason[0]

    def test_a_day_to_come_only_sets_the_end(self, student: Student) -> None:
        first = student.report()
        later = end(student.city, first["id"], until_on=TODAY + dt.timedelta(days=30))
        assert (later["state"], later["until_on"]) == ("confirmed", TODAY + dt.timedelta(days=30))
        assert student.events()[-1] == ("changed.v1", 2)

    def test_one_that_never_began_is_called_off(self, student: Student) -> None:
        begins = TODAY + dt.timedelta(days=30)
        first = student.report(from_on=begins)
        with pytest.raises(EndsBeforeItBegan):
            end(student.city, first["id"], until_on=TODAY)
        called_off = end(student.city, first["id"])
        assert (called_off["state"], called_off["until_on"]) == ("ended", begins)

    def test_refuses_another_day_once_ended(self, student: Student) -> None:
        first = student.report()
        end(student.city, first["id"])
        with pytest.raises(AffiliationEnded):
            end(student.city, first["id"], until_on=TODAY - dt.timedelta(days=1))

    def test_reporters_may_withdraw_their_claim_but_not_end_a_confirmed_one(self, student: Student) -> None:
        waiting = student.report("youth_league")
        with pytest.raises(AffiliationNotFound):
            end(student.city, waiting["id"], "culture_tourism")
        student.reported_by("culture_tourism")
        with pytest.raises(DepartmentNotTrusted):
            end(student.city, waiting["id"], "culture_tourism")
        assert end(student.city, waiting["id"], "youth_league")["state"] == "ended"
        confirmed = student.report("education", role="staff")
        student.report("youth_league", role="staff")
        with pytest.raises(DepartmentNotTrusted):
            end(student.city, confirmed["id"], "youth_league")


class TestEndLapsed:
    def test_ends_what_has_run_out_and_nothing_else(self, student: Student) -> None:
        first = student.report(until_on=TODAY + dt.timedelta(days=1))
        other = student.report(role="staff", until_on=TODAY + dt.timedelta(days=2))
        tomorrow = NOW + dt.timedelta(days=1)

        def run(_: int) -> None:
            with student.city.work("platform", now=tomorrow) as work:
                while affiliations.end_lapsed(work, limit=1):
                    pass

        at_once(3, run)
        with student.city.work() as work:
            states = [affiliations.get_affiliation(work, affiliation_id=each["id"])["state"] for each in (first, other)]
        assert states == ["ended", "confirmed"]
        assert [event for event, _ in student.events()].count("ended.v1") == 1


class TestReportAffiliations:
    def test_gives_each_row_its_own_verdict_in_order(self, student: Student) -> None:
        student.report("education")
        person, university = student.id, student.university
        rows = [
            AffiliationRow(person, university, "student", SEPTEMBER),
            AffiliationRow(person, university, "volunteer", SEPTEMBER),
            AffiliationRow(person, uuid.uuid4(), "student", SEPTEMBER),
            AffiliationRow(uuid.uuid4(), university, "king", SEPTEMBER),
            AffiliationRow(person, university, "volunteer", SEPTEMBER),
            AffiliationRow(person, university, "volunteer", SEPTEMBER, SEPTEMBER + dt.timedelta(days=1)),
            AffiliationRow(person, university, "student", SEPTEMBER, TODAY + dt.timedelta(days=400)),
        ]
        with student.city.work() as work:
            done = report_affiliations(work, rows)
        verdicts = ["unchanged", "accepted", "rejected", "rejected", "unchanged", "accepted", "differs"]
        assert [each.verdict for each in done] == verdicts
        assert [violation.code for violation in done[3].violations] == ["role_unknown", "person_unknown"]
        assert done[1].affiliation_id == done[4].affiliation_id == done[5].affiliation_id

    def test_events_tell_the_whole_state_and_nothing_personal(self, student: Student) -> None:
        answer = student.report(until_on=TODAY + dt.timedelta(days=300))
        (row,) = student.city.rows(
            "select cast(body as jsonb) from outbox where subject_id = :id", id=str(answer["id"])
        )
        assert row[0]["data"] == {
            "affiliation_id": str(answer["id"]),
            "version": 1,
            "person_id": str(student.id),
            "organisation_id": str(student.university),
            "role": "student",
            "state": "confirmed",
            "from_on": "2026-09-01",
            "until_on": str(TODAY + dt.timedelta(days=300)),
            "fields": {},
        }


class TestListAffiliations:
    def test_finds_by_person_role_and_state(self, student: Student) -> None:
        student.report()
        student.report(role="volunteer")
        end(student.city, student.report(role="member")["id"])
        with student.city.work() as work:
            everything = affiliations.list_affiliations(work, page=Paging(limit=2), person_id=student.id)
            rest = affiliations.list_affiliations(
                work, page=Paging(limit=2, after=everything["next_after"]), person_id=student.id
            )
            ended = affiliations.list_affiliations(
                work, page=Paging(limit=5), person_id=student.id, state="ended", role=None
            )
        assert len(everything["items"]) == 2
        assert [len(rest["items"]), rest["next_after"]] == [1, None]
        assert [item["role"] for item in ended["items"]] == ["member"]
