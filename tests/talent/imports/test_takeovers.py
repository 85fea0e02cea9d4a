"""A worker that dies, and one that only seemed dead: another goes on, and every row is applied exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest

from chassis.imports import job
from chassis.imports.kinds import Line
from tests.talent.conftest import City
from tests.talent.imports.importing import Desk, table

ROWS = 7
CHUNK = 2


class PowerCut(Exception):
    """The process of the worker ends here."""


@pytest.fixture
def desk(city: City, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Its imports go on in chunks of two rows; a test must leave no import waiting for the next."""
    yield Desk(city).with_settings(chunk_rows=CHUNK)
    assert city.count("select count(*) from imports where state in ('queued', 'applying')") == 0


@pytest.fixture
def roster(desk: Desk) -> tuple[list[str], bytes]:
    """The document numbers on a roster, and the roster."""
    numbers = [desk.city.id_number() for _ in range(ROWS)]
    name = f"接续大学{numbers[0]}"
    desk.city.university(name=name)
    return numbers, table([["张三", number, "", name, "学生", "2024-09-01", ""] for number in numbers])


def dying_at(monkeypatch: pytest.MonkeyPatch, name: str, call: int) -> Callable[[], None]:
    """Let the job's step `name` be its last at this call; returns what undoes it."""
    real, calls = getattr(job, name), [0]

    def step(*args: Any, **fields: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            raise PowerCut
        return real(*args, **fields)

    monkeypatch.setattr(job, name, step)
    return lambda: monkeypatch.setattr(job, name, real)


def applied_events(city: City) -> list[tuple[str, str, int]]:
    return [event for event in city.events() if event[0].startswith(("talent.person", "talent.affiliation"))]


def assert_applied_once(desk: Desk, import_id: UUID, before: Sequence[Any]) -> None:
    found = desk.get(import_id)
    assert (found["state"], found["applied"], found["workbook"]) == ("done", True, True)
    assert found["counts"] == {"total": ROWS, "accepted": ROWS, "unchanged": 0, "differs": 0, "rejected": 0}
    assert [row["row"] for row in desk.rows(found)] == list(range(2, ROWS + 2))
    new = applied_events(desk.city)[len(before) :]
    assert len(new) == len(set(new)) == 2 * ROWS
    ids = [row["affiliation_id"] for row in desk.rows(found)]
    assert desk.city.count("select count(*) from affiliations where id = any(:ids)", ids=ids) == ROWS
    assert len(list(desk.workbook(found).iter_rows())) == ROWS + 1


class TestCrash:
    @pytest.mark.parametrize("step", ["_write_verdicts", "annotate_file", "_end"])
    @pytest.mark.parametrize("mode", ["best_effort", "all_or_nothing"])
    def test_at_any_step_is_made_good(
        self,
        desk: Desk,
        roster: tuple[list[str], bytes],
        monkeypatch: pytest.MonkeyPatch,
        step: str,
        mode: str,
    ) -> None:
        before = applied_events(desk.city)
        import_id = desk.upload(roster[1], mode=mode)
        mend = dying_at(monkeypatch, step, 1)
        with pytest.raises(PowerCut):
            desk.run_next()
        mend()
        desk.waits_no_longer(import_id)
        assert desk.run_next() is True
        assert_applied_once(desk, import_id, before)


class TestTakeover:
    def test_a_worker_that_slept_past_its_lease_while_reading_changes_nothing(
        self, desk: Desk, roster: tuple[list[str], bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = applied_events(desk.city)
        import_id = desk.upload(roster[1])
        real, seen = job.read_file, []

        def read_slowly(*args: Any, **fields: Any) -> Iterator[Line]:
            lines = list(real(*args, **fields))
            monkeypatch.setattr(job, "read_file", real)
            desk.waits_no_longer(import_id)
            assert desk.run_next() is True
            seen.append(_all_of(desk.city, import_id))
            return iter(lines)

        monkeypatch.setattr(job, "read_file", read_slowly)
        assert desk.run_next() is True
        assert seen == [_all_of(desk.city, import_id)]
        assert_applied_once(desk, import_id, before)

    @pytest.mark.parametrize("mode", ["best_effort", "dry_run"])
    def test_a_worker_that_slept_between_two_chunks_changes_nothing(
        self, desk: Desk, roster: tuple[list[str], bytes], monkeypatch: pytest.MonkeyPatch, mode: str
    ) -> None:
        before = applied_events(desk.city)
        import_id = desk.upload(roster[1], mode=mode)
        real, seen = job.chunks_of, []

        def sleepily(lines: Sequence[Line], size: int) -> Iterator[Sequence[Line]]:
            first, *rest = real(lines, size)
            yield first
            monkeypatch.setattr(job, "chunks_of", real)
            desk.waits_no_longer(import_id)
            assert desk.run_next() is True
            seen.append(_all_of(desk.city, import_id))
            yield from rest

        monkeypatch.setattr(job, "chunks_of", sleepily)
        assert desk.run_next() is True
        assert seen == [_all_of(desk.city, import_id)]
        if mode == "best_effort":
            assert_applied_once(desk, import_id, before)
        else:
            assert applied_events(desk.city) == before

    def test_a_worker_that_slept_while_annotating_leaves_the_workbook_of_the_other(
        self, desk: Desk, roster: tuple[list[str], bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = applied_events(desk.city)
        import_id = desk.upload(roster[1])
        real, seen = job.annotate_file, []

        def sleepily(*args: Any, **fields: Any) -> Iterator[bytes]:
            parts = list(real(*args, **fields))
            monkeypatch.setattr(job, "annotate_file", real)
            desk.waits_no_longer(import_id)
            assert desk.run_next() is True
            seen.append(_all_of(desk.city, import_id))
            return iter(parts)

        monkeypatch.setattr(job, "annotate_file", sleepily)
        assert desk.run_next() is True
        assert seen == [_all_of(desk.city, import_id)]
        assert_applied_once(desk, import_id, before)

    @pytest.mark.parametrize("mode", ["best_effort", "all_or_nothing"])
    def test_while_rows_are_being_applied_is_not_possible(
        self, desk: Desk, roster: tuple[list[str], bytes], monkeypatch: pytest.MonkeyPatch, mode: str
    ) -> None:
        before = applied_events(desk.city)
        import_id = desk.upload(roster[1], mode=mode)
        real, refused = desk.uploads.kinds["roster"].apply, []

        def apply_slowly(*args: Any, **fields: Any) -> Any:
            done = real(*args, **fields)
            # another replica looks for work while this transaction is open, at a time when the lease is long over
            with monkeypatch.context() as patch:
                patch.setattr(job.clock, "now", lambda: desk_now)
                refused.append(desk.run_next())
            return done

        desk_now = job.clock.now().replace(year=2036)
        desk.apply_with(apply_slowly)
        assert desk.run_next() is True
        assert refused and not any(refused)
        assert_applied_once(desk, import_id, before)


def _all_of(city: City, import_id: UUID) -> list[str]:
    """All that is stored about an import, and the number of events."""
    kept = [str(row) for row in city.rows("select t::text from imports t where id = :id", id=import_id)]
    for name in ("import_rows", "import_workbook_parts"):
        kept += [
            str(row)
            for row in city.rows(f"select t::text from {name} t where import_id = :id order by 1", id=import_id)
        ]
    kept += [
        str(row)
        for row in city.rows("select t::text from history t where subject_id = :id order by 1", id=str(import_id))
    ]
    return [*kept, str(len(city.events()))]
