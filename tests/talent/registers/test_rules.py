"""The law of registers: what an entry is known by, its state on a day, what several reports make, what is refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.declared.values import read_values
from services.talent.registers.rules import (
    Kind,
    Party,
    Report,
    check_party_kinds,
    check_report,
    differing,
    identity,
    merged,
    state_on,
)
from services.talent.registers.rules.kinds import Used, check_change, check_kind
from tests.talent.registers.keeping import AGREED, CONTENT, DEPARTMENTS, RUNNING, field, role, state

TODAY = dt.date(2026, 11, 23)
KIND = Kind(key="projects", version=1, **CONTENT)
OWNER, SITE = UUID(int=1), UUID(int=2)
DAYS = (None, AGREED, RUNNING, None, None)


def report(title: str | None = "A", days: Any = DAYS, parties: Any = None, **fields: Any) -> Report:
    return Report(title, None, days, fields, parties or (Party("owner", OWNER),))


def wrong(found: list[Any]) -> set[tuple[str, str]]:
    return {(one.field, one.code) for one in found}


class TestIdentity:
    def test_is_the_natural_key_in_one_spelling_and_nothing_else(self) -> None:
        first = identity(KIND, report("（甲） a", area=1))
        assert first == identity(KIND, report("(甲)A", days=(AGREED, None, None, None, None), note="n"))
        others = (report("(乙)A"), report("(甲)A", parties=(Party("owner", SITE),)))
        assert first not in {identity(KIND, one) for one in others}

    def test_takes_parties_in_any_order_and_texts_as_names(self) -> None:
        kind = dataclasses.replace(KIND, natural_key=["owner", "note"])
        several = [Party("owner", OWNER), Party("owner", SITE)]
        found = {identity(kind, report(parties=tuple(one), note="ａ b")) for one in itertools.permutations(several)}
        assert found == {identity(kind, report(parties=tuple(several), note="AB"))}


class TestState:
    def test_is_the_last_one_reached_by_the_day(self) -> None:
        before = AGREED - dt.timedelta(days=1)
        assert [state_on(DAYS, day) for day in (before, AGREED, RUNNING, TODAY)] == [
            None,
            "agreed",
            "running",
            "running",
        ]


class TestTheRecord:
    def test_takes_each_part_from_the_first_reporter_that_gives_it(self) -> None:
        reports = {
            "education": report("C", days=(AGREED, None, None, None, None), note="c", area=3),
            "zone": report("B", parties=(Party("owner", OWNER), Party("site", SITE)), area=2),
            "science": Report(None, None, DAYS, {"level": "city"}, ()),
        }
        record = merged(KIND, reports)
        assert (record.title, record.days, record.fields) == ("B", DAYS, {"level": "city", "area": 2, "note": "c"})
        assert record.parties == (Party("owner", OWNER), Party("site", SITE))
        found = {department: differing(record, one) for department, one in reports.items()}
        assert found["science"] == found["zone"] == []
        assert found["education"] == ["title", "proposed_on", "agreed_on", "running_on", "fields/area", "parties"]

    @given(
        st.dictionaries(
            st.sampled_from((*DEPARTMENTS, "no_longer_a_reporter")),
            st.builds(
                Report,
                title=st.sampled_from([None, "A", "a"]),
                county=st.sampled_from([None, "990101"]),
                days=st.sampled_from([DAYS, (None, AGREED, None, None, None)]),
                fields=st.dictionaries(st.sampled_from(["level", "area", "note"]), st.integers(0, 2)),
                parties=st.sampled_from([(), (Party("owner", OWNER),)]),
            ),
            min_size=1,
        ),
        st.randoms(),
    )
    def test_is_the_same_in_any_order(self, reports: dict[str, Report], random: Any) -> None:
        shuffled = list(reports.items())
        random.shuffle(shuffled)
        record = merged(KIND, dict(shuffled))
        assert record == merged(KIND, reports)
        first = reports[min(reports, key=KIND.rank)]
        assert differing(record, first) == []


class TestAReport:
    def test_that_breaks_no_rule_has_nothing_wrong(self) -> None:
        assert check_report(KIND, report(), today=TODAY) == []

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (report(days=(None,) * 5), ("proposed_on", "required")),
            (report(days=(None, RUNNING, AGREED, None, None)), ("running_on", "days_out_of_order")),
            (report(days=(None, None, None, AGREED, None)), ("done_on", "state_unknown")),
            (report(days=(None, TODAY + dt.timedelta(1), None, None, None)), ("agreed_on", "day_to_come")),
            (report(title=None), ("title", "required_by_natural_key")),
            (report(title="A" * 201), ("title", "too_long")),
            (dataclasses.replace(report(), county="14070"), ("county", "wrong_format")),
            (report(parties=(Party("site", SITE),)), ("parties/owner", "too_few_parties")),
            (report(parties=(Party("owner", OWNER), Party("owner", SITE))), ("parties/owner", "too_many_parties")),
            (report(parties=(Party("owner", OWNER), Party("guest", SITE))), ("parties/guest", "role_unknown")),
        ],
    )
    def test_is_refused_for_what_is_wrong(self, given: Report, expected: tuple[str, str]) -> None:
        assert expected in wrong(check_report(KIND, given, today=TODAY))

    def test_names_parties_of_the_kinds_its_roles_are_for(self) -> None:
        parties = (Party("owner", OWNER), Party("owner", SITE, is_person=True), Party("site", SITE))
        found = check_party_kinds(KIND, parties, {OWNER: "enterprise", SITE: "venue"})
        assert sorted(one.field for one in found) == ["parties/owner", "parties/site"]


class TestValues:
    DECLARED = (
        *CONTENT["declared"],
        field("cost", "money"),
        field("month", "month"),
        field("is_open", "yes_no"),
        field("county_of", "county"),
        field("host", "organisation", required=True),
    )

    def test_are_kept_in_one_form(self) -> None:
        given = {
            "level": "city", "area": "2.50", "note": " e\u0301 ", "expires_on": dt.date(2027, 1, 1), "cost": 100.0,
            "month": "2026-11", "is_open": False, "county_of": "990101", "host": SITE,
        }  # fmt: skip
        values, found = read_values(self.DECLARED, given)
        assert found == []
        assert values == {
            "level": "city", "area": 2.5, "note": "é", "expires_on": "2027-01-01", "cost": 100, "month": "2026-11",
            "is_open": False, "county_of": "990101", "host": str(SITE),
        }  # fmt: skip
        assert read_values(self.DECLARED, values) == (values, [])
        assert read_values(self.DECLARED, {"host": str(SITE), "area": 3.0, "note": " "})[0] == {
            "host": str(SITE),
            "area": 3,
        }

    @pytest.mark.parametrize(
        ("key", "value", "code"),
        [
            ("level", "county", "not_one_of"),
            ("level", ["city"], "not_one_of"),
            ("area", True, "invalid_number"),
            ("area", float("nan"), "invalid_number"),
            ("area", "1e3", "invalid_number"),
            ("area", 10**400, "invalid_number"),
            ("area", 0.1234567, "invalid_number"),
            ("note", 5, "invalid_type"),
            ("note", "x" * 2001, "too_long"),
            ("note", "\x00", "unstorable_text"),
            ("expires_on", "2026-02-30", "invalid_date"),
            ("expires_on", "20260203", "invalid_date"),
            ("cost", 1.5, "invalid_integer"),
            ("month", "2026-13", "invalid_month"),
            ("is_open", "yes", "invalid_boolean"),
            ("county_of", "14", "wrong_format"),
            ("host", {}, "invalid_id"),
            ("host", None, "required"),
            ("unheard_of", 1, "unknown_field"),
        ],
    )
    def test_are_refused_by_their_key(self, key: str, value: Any, code: str) -> None:
        _, found = read_values(self.DECLARED, {"host": SITE, key: value})
        assert wrong(found) == {(f"fields/{key}", code)}


class TestAKind:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ({"natural_key": ["title", "number"]}, ("natural_key/1", "natural_key_unknown")),
            ({"natural_key": ["title", "title"]}, ("natural_key/1", "repeated")),
            ({"declared": [field("owner", "text")]}, ("fields/0/key", "name_taken")),
            ({"declared": [field("agreed_on", "day")]}, ("fields/0/key", "name_taken")),
            ({"declared": [field("expert", "person")]}, ("fields/0/type", "person_is_a_party")),
            ({"declared": [field("expires_on", "text")]}, ("fields/0/type", "expires_on_is_a_day")),
            ({"parties": [role("owner", ["university"], least=2, most=1)]}, ("parties/0/most", "most_below_least")),
            ({"states": [state("agreed"), state("agreed")]}, ("states/1/key", "repeated")),
            ({"reporters": ["science", "science"]}, ("reporters/1", "repeated")),
        ],
    )
    def test_that_contradicts_itself_is_refused(self, content: dict[str, Any], expected: tuple[str, str]) -> None:
        assert check_kind(KIND) == []
        assert expected in wrong(check_kind(dataclasses.replace(KIND, **content)))

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ({"natural_key": ["title"]}, "natural_key_stays"),
            ({"states": [state("agreed")]}, "states_stay"),
            ({"declared": [field("area", "text")]}, "field_stays"),
            ({"declared": []}, "field_stays"),
        ],
    )
    def test_keeps_what_entries_use(self, content: dict[str, Any], expected: str) -> None:
        after = dataclasses.replace(KIND, **content)
        assert expected in {one.code for one in check_change(KIND, after, Used(has_entries=True, fields=["area"]))}
        assert check_change(KIND, after, Used(has_entries=False)) == []

    def test_may_grow_and_be_renamed_although_it_has_entries(self) -> None:
        more = [*CONTENT["declared"], field("colour", "text")]
        states = [*CONTENT["states"], state("done")]
        after = dataclasses.replace(KIND, declared=more, states=states, reporters=["zone"])
        assert check_change(KIND, after, Used(has_entries=True, fields=["area"])) == []

    def test_of_persons_stays_one(self) -> None:
        personal = dataclasses.replace(KIND, parties=[*CONTENT["parties"], role("expert", ["person"])])
        assert {one.code for one in check_change(personal, KIND, Used(has_entries=True))} == {"persons_stay"}
