"""What of an upload is kept, and for how long; how much a client may upload within a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from chassis.imports import job, results, uploading
from chassis.imports.refusals import ImportDayFull, ImportIncomplete
from contracts.language.refusals import Refusal
from tests.support.servers import Make
from tests.talent.conftest import NOW, City, at_once
from tests.talent.imports import hostile_files
from tests.talent.imports.importing import Desk, csv_of

ROW = ["张三", "1", "", "示范大学", "学生", "2024-09-01", ""]


@pytest.fixture(scope="module")
def desk(module_migrated_database: Make) -> Iterator[Desk]:
    city = City(module_migrated_database("talent"))
    yield Desk(city)
    city.close()


def pieces(desk: Desk, import_id: UUID) -> int:
    return desk.city.count("select count(*) from import_chunks where import_id = :id", id=import_id)


class TestPieces:
    @pytest.mark.parametrize("mode", ["best_effort", "dry_run", "all_or_nothing"])
    def test_go_when_the_import_ends_and_the_workbook_stays(self, desk: Desk, mode: str) -> None:
        import_id = desk.upload(csv_of([ROW]), mode=mode)
        assert pieces(desk, import_id) == 1
        assert desk.run_next()
        found = desk.get(import_id)
        assert (found["state"] in ("done", "rejected"), found["workbook"], pieces(desk, import_id)) == (True, True, 0)
        assert desk.workbook(found)["A2"].value == "张三"

    def test_go_with_a_file_that_cannot_be_read(self, desk: Desk) -> None:
        content, _ = hostile_files.ALL["no headers"]
        found = desk.run(content)
        assert (found["state"], pieces(desk, found["id"])) == ("rejected", 0)

    def test_go_with_an_import_that_is_given_up(self, desk: Desk) -> None:
        import_id = desk.upload(csv_of([ROW]))
        with desk.city.engine.begin() as connection:
            connection.exec_driver_sql(
                "update imports set state = 'applying', attempts = 5 where id = %s", (str(import_id),)
            )
        desk.run_next()
        assert (desk.get(import_id)["state"], pieces(desk, import_id)) == ("failed", 0)

    def test_stay_when_the_end_is_rolled_back(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """They go in the transaction that ends the import, so whoever takes it over still has them."""
        import_id = desk.upload(csv_of([ROW]))

        def fails(*_: Any, **__: Any) -> None:
            raise job.ClaimLost

        with monkeypatch.context() as patched:
            patched.setattr(job.Work, "record", fails)
            desk.run_next()
        assert pieces(desk, import_id) == 1
        with desk.city.engine.begin() as connection:
            connection.exec_driver_sql("update imports set lease_until = null where id = %s", (str(import_id),))
        assert desk.run_next()
        assert (desk.get(import_id)["state"], pieces(desk, import_id)) == ("done", 0)

    def test_of_an_upload_nobody_submits_go_after_two_days(self, desk: Desk) -> None:
        import_id = desk.start(b"abc")
        desk.append(import_id, 0, b"abc")
        for hours, left in ((47, 1), (49, 0)):
            with desk.city.work(now=NOW + dt.timedelta(hours=hours)) as work:
                results.purge(work, uploads=desk.uploads)
            assert pieces(desk, import_id) == left
        with pytest.raises(ImportIncomplete):
            desk.submit(import_id)

    def test_that_an_older_process_has_left_go_within_the_hour(self, desk: Desk) -> None:
        import_id = desk.upload(csv_of([ROW]))
        with desk.city.engine.begin() as connection:
            connection.exec_driver_sql("update imports set state = 'done' where id = %s", (str(import_id),))
        with desk.city.work() as work:
            results.purge(work, uploads=desk.uploads)
        assert pieces(desk, import_id) == 0


def limited(desk: Desk, day_bytes: int) -> Desk:
    """The same desk, where a client may upload so many bytes a day."""
    small = Desk(desk.city)
    small.uploads = replace(desk.uploads, settings=replace(desk.uploads.settings, day_bytes=day_bytes))
    return small


class TestDay:
    def test_of_a_client_has_an_end_and_says_when_there_is_room(self, desk: Desk) -> None:
        small = limited(desk, 3 * 2**20)
        for _ in range(3):
            small.start(b"a" * 2**20, department="sports")
        with pytest.raises(ImportDayFull) as refused:
            small.start(b"a", department="sports")
        assert (refused.value.code, refused.value.retry_after) == ("talent.import_day_full", 24 * 3600)
        assert "3 MiB" in refused.value.en_text()
        small.start(b"a", department="culture")

    def test_ends_after_24_hours(self, desk: Desk) -> None:
        small = limited(desk, 100)
        small.start(b"a" * 100, department="parks")
        fields = {"kind": "roster", "mode": "dry_run", "organisation_id": None, "filename": "a", "sha256": "0" * 64}
        for hours, is_refused in ((23, True), (24, False)):
            with small.city.work("parks", now=NOW + dt.timedelta(hours=hours)) as work:
                try:
                    uploading.start_import(work, uploads=small.uploads, size=100, **fields)  # type: ignore[arg-type]
                except Refusal:
                    assert is_refused
                else:
                    assert not is_refused

    def test_holds_when_uploads_are_announced_at_once(self, desk: Desk) -> None:
        small = limited(desk, 1000)

        def announce(_: int) -> bool:
            try:
                small.start(b"a" * 300, department="transport")
            except ImportDayFull:
                return False
            return True

        assert sorted(at_once(8, announce)) == [False] * 5 + [True] * 3
