"""Entries of registers, as departments report and read them, on real PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from sqlalchemy import event

from chassis.rebuilding.republish import Page
from chassis.store import audit
from chassis.store.versions import VersionStale
from contracts.language.paging import Paging
from services.talent import people, registers
from services.talent.people import duplicates
from services.talent.registers import (
    EntryRow,
    NotAReporter,
    PartyRow,
    RegisterEntryInvalid,
    RegisterEntryNotFound,
    kinds,
    resending,
    sameness,
)
from services.talent.registers.kinds import RegisterKindInUse, RegisterKindInvalid, RegisterKindNotFound
from services.talent.service import IN_ENTRIES, IN_REPORTS
from tests.talent.conftest import NOW, TODAY, City
from tests.talent.registers.keeping import AGREED, CONTENT, RUNNING, Register, field, role


@pytest.fixture
def register(city: City) -> Register:
    return Register(city)


def listed(register: Register, department: str = "science", **filters: Any) -> list[str]:
    with register.city.work(department) as work:
        page = registers.list_register_entries(work, page=Paging(), **{"kind_key": register.key, **filters})
    return [one["title"] for one in page["items"]]


class TestKinds:
    def test_are_put_read_and_listed(self, register: Register, city: City) -> None:
        with city.work() as work:
            known = kinds.get_register_kind(work, key=register.key)
            assert known in kinds.list_register_kinds(work)["items"]
        assert (known["version"], known["declared"], known["reporters"]) == (
            1,
            CONTENT["declared"],
            CONTENT["reporters"],
        )
        changed = register.put(1, name={"zh-CN": "项目", "en": "renamed"})
        assert (changed["version"], changed["created"], changed["name"]["en"]) == (2, False, "renamed")

    def test_are_written_in_the_version_that_was_read(self, register: Register, city: City) -> None:
        for version in (None, 2):
            with pytest.raises(VersionStale):
                register.put(version)
        with city.work() as work, pytest.raises(RegisterKindNotFound):
            kinds.get_register_kind(work, key="unheard_of")

    def test_are_refused_where_they_contradict_themselves_or_their_entries(self, register: Register) -> None:
        with pytest.raises(RegisterKindInvalid) as refused:
            register.put(1, natural_key=["number"])
        assert [one["pointer"] for one in refused.value.errors] == ["#/natural_key/0"]
        register.add(note="n")
        with pytest.raises(RegisterKindInUse) as in_use:
            register.put(1, natural_key=["title"], declared=[field("note", "number")])
        assert {one["code"] for one in in_use.value.errors} == {"natural_key_stays", "field_stays"}

    def test_make_records_again_when_their_reporters_change_places(self, register: Register) -> None:
        entry_id = register.add("science", note="s", area=1)
        register.add("zone", note="z")
        register.put(1, reporters=["zone", "science"])
        entry = register.get(entry_id)
        assert (entry["values"], entry["version"]) == ({"note": "z", "area": 1}, 3)
        assert register.events(entry_id) == [("reported", 1), ("changed", 2), ("changed", 3)]


class TestReporting:
    def test_a_second_department_is_a_second_reporter_of_one_entry(self, register: Register) -> None:
        (first,) = register.report("zone", register.row("（甲）", note="z", area=2))
        (second,) = register.report("science", register.row("(甲)", note="s", running_on=RUNNING, agreed_on=AGREED))
        assert (first.verdict, first.created) == (second.verdict, not second.created) == ("accepted", True)
        assert first.entry_id == second.entry_id
        entry = register.get(first.entry_id)
        assert (entry["title"], entry["values"]) == ("(甲)", {"note": "s", "area": 2})
        assert (entry["state"], entry["reported_by"], entry["version"]) == ("running", ["science", "zone"], 2)
        assert [(one["role"], one["organisation_id"]) for one in entry["parties"]] == [("owner", register.owner)]
        assert entry["parties"][0]["name"].startswith("示范大学")
        reported = register.reports(entry["id"])
        assert reported["science"]["differs"] == []
        assert reported["zone"]["differs"] == ["running_on", "fields/note"]
        assert register.events(entry["id"]) == [("reported", 1), ("changed", 2)]

    def test_what_differs_is_kept_and_told_and_written_once(self, register: Register) -> None:
        entry_id = register.add("science", note="s")
        row = register.row("A", note="z", county="990101")
        for _ in range(2):
            (done,) = register.report("zone", row)
            assert (done.verdict, [one.field for one in done.violations]) == ("differs", ["fields/note"])
            assert "s" in done.violations[0].en
            assert register.get(entry_id)["version"] == 2
        entry = register.get(entry_id)
        assert (entry["values"], entry["county"]) == ({"note": "s"}, "990101")
        assert register.reports(entry_id)["zone"]["values"] == {"note": "z"}

    def test_the_same_again_writes_nothing(self, register: Register, city: City) -> None:
        row = register.row("A", note="n", expires_on="2027-01-01")
        register.report("science", row)
        rows_as_written = (
            "select e.xmin, r.xmin, p.xmin from register_entries e, register_reports r, register_parties p"
        )
        before = city.rows(rows_as_written)
        (done,) = register.report("science", row, now=NOW + dt.timedelta(days=1))
        assert done.verdict == "unchanged"
        assert city.rows(rows_as_written) == before

    def test_another_report_replaces_the_one_before(self, register: Register) -> None:
        site = register.city.university()
        entry_id = register.add(note="n", area=1, parties={"owner": register.owner, "site": site})
        register.add(area=2, running_on=RUNNING)
        entry = register.get(entry_id)
        assert (entry["values"], entry["running_on"], entry["agreed_on"]) == ({"area": 2}, RUNNING, None)
        assert [one["role"] for one in entry["parties"]] == ["owner"]
        history = (
            "select from_state, to_state, effective_on from history where subject_id = :id order by recorded_at, id"
        )
        assert [tuple(one) for one in register.city.rows(history, id=str(entry_id))] == [
            (None, "agreed", AGREED),
            ("agreed", "running", RUNNING),
        ]

    def test_five_hundred_rows_take_a_handful_of_statements(self, register: Register, city: City) -> None:
        rows = [register.row(f"P{number}", area=number) for number in range(490)]
        rows += [register.row("P1", area=-1), register.row(None), register.row("P2", level="moon")]
        statements: list[str] = []
        event.listen(city.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        done = register.report("science", *rows)
        assert len(statements) < 40
        assert [one.verdict for one in done[-3:]] == ["accepted", "rejected", "rejected"]
        assert (done[-3].entry_id, done[-3].created) == (done[1].entry_id, False)
        assert [one.field for one in done[-2].violations] == ["title"]
        assert register.get(done[1].entry_id)["values"] == {"area": -1}
        del statements[:]
        assert {one.verdict for one in register.report("zone", *rows[:490])} == {"accepted", "differs"}
        assert len(statements) < 40

    def test_one_is_answered_with_its_verdict_and_refused_with_reasons(self, register: Register, city: City) -> None:
        days = dict.fromkeys(("proposed_on", "running_on", "done_on", "ended_on")) | {"agreed_on": AGREED}
        body: dict[str, Any] = {"kind_key": register.key, "title": "A", "county": None, "values": {}, **days}
        body["parties"] = [{"role": "owner", "organisation_id": register.owner, "person_id": None}]
        with city.work("zone") as work:
            answer = registers.report_register_entry(work, **body)
        assert (answer["created"], answer["verdict"], answer["differences"]) == (True, "accepted", [])
        unknown = [{"role": "owner", "organisation_id": uuid.uuid4(), "person_id": None}]
        with city.work("zone") as work, pytest.raises(RegisterEntryInvalid) as refused:
            registers.report_register_entry(work, **body | {"parties": unknown, "values": {"area": "many"}})
        found = {(one["pointer"], one["code"]) for one in refused.value.errors}
        assert found == {("#/parties/owner", "organisation_unknown"), ("#/fields/area", "invalid_number")}
        with city.work("stranger") as work, pytest.raises(NotAReporter):
            registers.report_register_entry(work, **body)
        with city.work("zone") as work, pytest.raises(RegisterKindNotFound):
            registers.report_register_entry(work, **body | {"kind_key": "unheard_of"})


class TestReading:
    def test_shows_the_state_of_a_day(self, register: Register) -> None:
        entry_id = register.add(agreed_on=AGREED, running_on=RUNNING)
        days = (AGREED - dt.timedelta(1), AGREED, RUNNING)
        assert [register.get(entry_id, on=day)["state"] for day in days] == [None, "agreed", "running"]
        assert listed(register, state="agreed", on=AGREED) == listed(register, state="running") == ["A"]
        assert listed(register, state="agreed") == []

    def test_filters_by_everything_that_is_offered(self, register: Register) -> None:
        site = register.city.university()
        register.add(title="大学城（甲）项目", county="990101", parties={"owner": register.owner, "site": site})
        register.add("zone", title="B", agreed_on=RUNNING)
        both = {"programme": "projects"}
        assert listed(register) == listed(register, **both) == ["大学城（甲）项目", "B"]
        assert listed(register, programme="others") == []
        assert listed(register, q="城(甲)") == listed(register, county="990101") == ["大学城（甲）项目"]
        assert listed(register, organisation_id=site) == ["大学城（甲）项目"]
        assert listed(register, organisation_id=register.owner, reported_by="zone") == ["B"]
        assert listed(register, from_on=RUNNING) == ["B"]
        assert listed(register, until_on=RUNNING) == listed(register, from_on=AGREED, until_on=RUNNING)
        assert listed(register, until_on=RUNNING) == ["大学城（甲）项目"]
        assert listed(register, kind_key="unheard_of") == []

    def test_an_unknown_id_is_not_found(self, register: Register) -> None:
        with pytest.raises(RegisterEntryNotFound):
            register.get(uuid.uuid4())
        with pytest.raises(RegisterEntryNotFound):
            register.reports(uuid.uuid4())


class TestPersons:
    def _person(self, city: City, department: str, name: str = "张三", number: str | None = None) -> Any:
        about = {"name": name, "id_type": "resident_id", "id_number": number or city.id_number()}
        with city.work(department) as work:
            return people.register_person(work, keys=city.keys, **about)["id"]

    def _row(self, register: Register, person_id: Any) -> EntryRow:
        parties = [PartyRow("expert", person_id=person_id), PartyRow("owner", organisation_id=register.owner)]
        return EntryRow(register.key, "A", None, {"agreed_on": AGREED}, parties, {"note": "张三"})

    def _register(self, city: City) -> Register:
        parties = [role("expert", ["person"]), role("owner", ["university"])]
        return Register(city, parties=parties, natural_key=["expert", "owner"])

    def test_take_part_within_reach_and_are_shown_to_reporters_alone(self, city: City) -> None:
        register, person_id = self._register(city), self._person(city, "science")
        (unknown,) = register.report("zone", self._row(register, person_id))
        assert [(one.field, one.code) for one in unknown.violations] == [("parties/expert", "person_unknown")]
        (done,) = register.report("science", self._row(register, person_id))
        shown = register.get(done.entry_id, "zone")
        assert next((one["role"], one["person_id"], one["name"]) for one in shown["parties"]) == (
            "expert",
            person_id,
            None,
        )
        assert listed(register, "zone") == ["A"]
        assert done.entry_id is not None
        with pytest.raises(RegisterEntryNotFound):
            register.get(done.entry_id, "stranger")
        with pytest.raises(RegisterEntryNotFound):
            register.undo(done.entry_id, "stranger")
        assert listed(register, "stranger") == []
        (body,) = city.rows("select body from outbox where subject_id = :id", id=str(done.entry_id))
        assert "张三" not in str(body)
        assert str(person_id) not in str(body)

    def test_are_in_the_audit_of_what_shows_them(self, city: City) -> None:
        register, person_id = self._register(city), self._person(city, "science")
        (done,) = register.report("science", self._row(register, person_id))
        with city.work("science") as work:
            for operation, shown in (("get_register_entry", IN_ENTRIES), ("list_entry_reports", IN_REPORTS)):
                audit.append(work, operation, shown, [str(done.entry_id)])
        sql = "select operation, person_ids from audit where person_ids @> array[cast(:id as uuid)] order by operation"
        assert [tuple(row) for row in city.rows(sql, id=str(person_id))] == [
            ("get_register_entry", [person_id]),
            ("list_entry_reports", [person_id]),
        ]

    def test_that_differ_are_not_spelled_out(self, city: City) -> None:
        register, person_id = self._register(city), self._person(city, "science")
        register.report("science", self._row(register, person_id))
        with city.work("zone", scopes=["people:all"]) as work:
            row = self._row(register, person_id)
            (done,) = registers.report_entries(work, [EntryRow(*_with_note(row, "李四"))])
        assert done.verdict == "differs"
        assert "张三" not in done.violations[0].zh

    def test_that_were_merged_answer_with_one_id(self, city: City) -> None:
        number = city.id_number()
        kept = self._person(city, "zone", number=number)
        merged = self._person(city, "science", "李四", number)
        assert merged != kept
        register = self._register(city)
        (done,) = register.report("science", self._row(register, merged))
        with city.work() as work:
            duplicates.merge_duplicate_person(work, provisional_id=merged)
        assert register.get(done.entry_id)["parties"][0]["person_id"] == kept
        again = [register.report("science", self._row(register, one))[0] for one in (merged, kept)]
        assert [(one.verdict, one.entry_id) for one in again] == [("unchanged", done.entry_id)] * 2


def _with_note(row: EntryRow, note: str) -> tuple[Any, ...]:
    return row.kind_key, row.title, row.county, row.days, row.parties, {"note": note}


class TestSameAs:
    def test_both_answer_lists_count_one_and_it_can_be_undone(self, register: Register) -> None:
        first, second = register.add("science", "A"), register.add("zone", "B")
        for _ in range(2):
            marked = register.same(second, first, "zone")
            assert (marked["same_as"], marked["version"]) == (first, 2)
        assert register.get(first)["reported_by"] == ["science", "zone"]
        assert listed(register) == listed(register, reported_by="zone") == ["A"]
        register.report("education", register.row("B", note="e"))
        assert register.get(second)["values"] == {"note": "e"}
        for _ in range(2):
            undone = register.undo(second)
            assert (undone["same_as"], undone["version"]) == (None, 4)
        assert (listed(register), listed(register, reported_by="zone")) == (["A", "B"], ["B"])
        assert register.events(second) == [("reported", 1), ("changed", 2), ("changed", 3), ("changed", 4)]

    def test_is_one_step_within_one_register_and_for_its_reporters(self, register: Register, city: City) -> None:
        first, second, third = (register.add(title=title) for title in "ABC")
        elsewhere = Register(city).add()
        for other in (first, elsewhere):
            with pytest.raises(sameness.EntriesNotComparable):
                register.same(first, other)
        register.same(second, first)
        with pytest.raises(sameness.EntryIsSecond) as is_second:
            register.same(third, second)
        assert is_second.value.params == {"entry_id": str(second), "same_as": str(first)}
        with pytest.raises(sameness.EntryIsSecond):
            register.same(second, third)
        with pytest.raises(sameness.EntryHasSeconds):
            register.same(first, third)
        with pytest.raises(RegisterEntryNotFound):
            register.same(third, uuid.uuid4())
        with pytest.raises(NotAReporter):
            register.same(third, first, "stranger")
        with pytest.raises(NotAReporter):
            register.undo(second, "stranger")


class TestExpiry:
    def _remind(self, city: City, day: dt.date) -> bool:
        with city.work("platform", now=NOW + (day - TODAY)) as work:
            return registers.remind_of_expiry(work, reminder_days=30)

    def test_is_announced_once_for_each_day(self, register: Register, city: City) -> None:
        entry_id = register.add(expires_on="2027-01-01")
        over = register.add(title="over", expires_on="2026-01-01")
        second = register.add(title="second", expires_on="2026-12-01")
        register.same(second, entry_id)
        for day in (TODAY, dt.date(2026, 12, 2), dt.date(2026, 12, 3)):
            assert not self._remind(city, day)
        assert register.events(entry_id) == [("reported", 1), ("reminded", 1)]
        register.report("science", register.row("A", expires_on="2027-01-02"))
        self._remind(city, dt.date(2026, 12, 4))
        assert register.events(entry_id)[2:] == [("changed", 2), ("reminded", 2)]
        assert [event for event, _ in register.events(over) + register.events(second)].count("reminded") == 0


class TestResending:
    def test_gives_each_entry_as_its_last_event_has_it(self, register: Register, city: City) -> None:
        first, second = register.add(note="n"), register.add("zone", "B")
        register.same(second, first)
        with city.work() as work:
            found = resending.as_they_stand(work.session, Page(ids=(str(first), str(second))))
        assert [one.version for one in found] == [1, 2]
        for state in found:
            sql = "select body from outbox where subject_id = :id order by version desc limit 1"
            ((body,),) = city.rows(sql, id=str(state.subject_id))
            assert json.loads(body)["data"] == state.data
