"""Whatever the order, split and duplication of the same reports, and whoever is faster: the same entries and reporters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.talent.registers import EntryRow, report_entries, rules
from services.talent.registers.rules import DAYS, Kind, Report
from services.talent.registers.sameness import EntryHasSeconds, EntryIsSecond
from tests.talent.conftest import City, at_once
from tests.talent.registers.keeping import AGREED, CONTENT, DEPARTMENTS, RUNNING, Register

KIND = Kind(key="projects", version=1, **CONTENT)
#: What one department has on record of one title.
REPORTED = st.fixed_dictionaries(
    {},
    optional={
        "county": st.sampled_from(["990101", "990102"]),
        "note": st.sampled_from(["m", "n"]),
        "area": st.integers(1, 3),
        "agreed_on": st.just(AGREED),
        "running_on": st.just(RUNNING),
        "expires_on": st.just("2027-01-01"),
    },
)
STORIES = st.dictionaries(
    st.tuples(st.sampled_from(DEPARTMENTS), st.sampled_from("ABC")), REPORTED, min_size=2, max_size=9
)


class Story:
    """The reports of one example, and what the law makes of them."""

    def __init__(self, register: Register, reported: dict[tuple[str, str], dict[str, Any]]) -> None:
        self.register = register
        self.rows = [(department, register.row(title, **values)) for (department, title), values in reported.items()]

    def expected(self) -> dict[str, tuple[Any, ...]]:
        """Title → record and reporters, by the plainest reading: all reports at once."""
        reports: dict[str, dict[str, Report]] = defaultdict(dict)
        for department, row in self.rows:
            days = tuple(row.days.get(name) for name in DAYS)
            reports[str(row.title)][department] = Report(row.title, row.county, days, row.values, ())
        records = {title: rules.merged(KIND, of_title) for title, of_title in reports.items()}
        return {
            title: (one.county, one.days, dict(one.fields), sorted(reports[title])) for title, one in records.items()
        }

    def found(self) -> dict[str, tuple[Any, ...]]:
        sql = f"""
            select e.title, e.county, e.fields, {", ".join(DAYS)},
            array(select department from register_reports r where r.entry_id = e.id order by department) as reporters
            from register_entries e where e.kind_key = :key
        """
        return {
            row.title: (row.county, tuple(getattr(row, name) for name in DAYS), row.fields, list(row.reporters))
            for row in self.register.city.rows(sql.replace("e.title", "upper(e.title) as title"), key=self.register.key)
        }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STORIES, st.data())
def test_reports_in_any_order_split_and_duplication_end_in_the_same_entries(
    city: City, reported: dict[tuple[str, str], dict[str, Any]], data: st.DataObject
) -> None:
    story = Story(Register(city), reported)
    rows = data.draw(st.permutations(story.rows + data.draw(st.lists(st.sampled_from(story.rows), max_size=6))))
    while rows:
        size = data.draw(st.integers(1, len(rows)))
        batches: dict[str, list[EntryRow]] = defaultdict(list)
        for department, row in rows[:size]:
            batches[department].append(row)
        for department, batch in batches.items():
            story.register.report(department, *batch)
        rows = rows[size:]
    assert story.found() == story.expected()


class TestAtOnce:
    def test_departments_that_report_the_same_projects_make_each_entry_once(self, city: City) -> None:
        """Each in its own order and in its own batches, some rows twice."""
        register = Register(city)
        titles = [f"P{number}" for number in range(60)]

        def act(number: int) -> None:
            department = DEPARTMENTS[number % 3]
            mine = titles if number % 2 else titles[::-1]
            for start in range(0, 60, 20):
                rows = [register.row(title, note=department) for title in mine[start : start + 20]]
                register.report(department, *rows, *rows[:3])

        at_once(6, act)
        counted = "select count(*) from register_entries where kind_key = :key"
        assert city.count(counted, key=register.key) == 60
        sql = """
            select e.fields ->> 'note' as note, e.version, (select count(*) from register_reports r where r.entry_id = e.id),
            (select count(*) from register_parties p where p.entry_id = e.id),
            (select count(*) from outbox o where o.subject_id = cast(e.id as text)) as events
            from register_entries e where e.kind_key = :key
        """
        for note, version, reports, parties, events in city.rows(sql, key=register.key):
            assert (note, reports, parties, events) == ("science", 3, 1, version)

    def test_a_kind_keeps_its_natural_key_or_gets_its_first_entry(self, city: City) -> None:
        """Whoever is faster: an entry is known by the natural key its kind has."""
        for _ in range(5):
            register = Register(city)

            def act(number: int, register: Register = register) -> Any:
                try:
                    return register.add() if number else register.put(1, natural_key=["title"])
                except Exception as refusal:
                    return refusal

            at_once(2, act)
            ((natural_key, identity),) = city.rows(
                """
                select k.natural_key, e.identity from register_kinds k join register_entries e on e.kind_key = k.key
                where k.key = :key
                """,
                key=register.key,
            )
            parties = (rules.Party("owner", register.owner),)
            report = Report("A", None, (None, AGREED, None, None, None), {}, parties)
            kind = Kind(key=register.key, version=1, **{**CONTENT, "natural_key": natural_key})
            assert identity == rules.identity(kind, report)

    def test_entries_said_to_be_the_same_in_a_circle_end_in_one_step(self, city: City) -> None:
        register = Register(city)
        ids = [register.add(title=title) for title in "ABCD"]

        def act(number: int) -> Sequence[type[Exception]]:
            refused = []
            for turn in range(8):
                entry_id, other = ids[number % 4], ids[(number + 1 + turn) % 4]
                try:
                    if turn % 4 == 3:
                        register.undo(entry_id)
                    elif entry_id != other:
                        register.same(entry_id, other)
                except (EntryIsSecond, EntryHasSeconds) as refusal:
                    refused.append(type(refusal))
            return refused

        at_once(8, act)
        chains = """
            select count(*) from register_entries a join register_entries b on b.id = a.same_as
            where b.same_as is not null and a.kind_key = :key
        """
        assert city.count(chains, key=register.key) == 0
        versions = """
            select count(*) from register_entries e where e.kind_key = :key and e.version <>
            (select count(*) from outbox o where o.subject_id = cast(e.id as text))
        """
        assert city.count(versions, key=register.key) == 0


def test_a_department_that_waits_for_another_sees_what_it_has_committed(city: City) -> None:
    """The second waits at the key the first has inserted, and then is its second reporter."""
    register = Register(city)
    row = register.row("A", note="z")
    with city.work("science") as work:
        report_entries(work, [register.row("A", note="s")])
        with pytest.raises(Exception, match="lock timeout"), city.work("zone") as other:
            other.session.connection().exec_driver_sql("set local lock_timeout = '200ms'")
            report_entries(other, [row])
    (done,) = register.report("zone", row)
    assert (done.verdict, done.created) == ("differs", False)
    assert register.get(done.entry_id)["reported_by"] == ["science", "zone"]
