"""What a department may ask of its imports: pieces in any order, its own alone, sealed at rest, gone after their days."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from sqlalchemy import inspect, select

from chassis.imports import results, uploading
from chassis.imports.refusals import (
    ImportChunkWrong,
    ImportIncomplete,
    ImportNotFound,
    ImportNotUploading,
    ImportTooLarge,
    ImportWorkbookNotReady,
)
from chassis.imports.tables import IMPORTS
from contracts.imports import CHUNK_BYTES, MAX_BYTES
from contracts.imports import Import as ImportSchema
from contracts.language.paging import Paging
from contracts.language.refusals import Refusal
from services.talent.organisations import OrganisationNotFound
from tests.support.servers import of_owner
from tests.talent.conftest import NOW, City
from tests.talent.imports.importing import Desk, csv_of, table

TWO_PIECES = b"a" * CHUNK_BYTES + b"b" * 10


@pytest.fixture
def desk(city: City) -> Desk:
    return Desk(city)


class TestStart:
    def test_answers_an_import_that_waits_for_its_pieces(self, desk: Desk) -> None:
        found = desk.get(desk.start(b"x"))
        assert (found["state"], found["counts"]["total"], found["applied"]) == ("uploading", 0, False)
        assert ImportSchema().validate(ImportSchema().dump(found)) == {}

    def test_refuses_a_file_beyond_the_limit(self, desk: Desk) -> None:
        with pytest.raises(ImportTooLarge):
            desk.start(b"x", size=MAX_BYTES + 1)
        desk.start(b"x", size=MAX_BYTES)

    def test_refuses_an_organisation_nobody_registered(self, desk: Desk) -> None:
        with pytest.raises(OrganisationNotFound):
            desk.start(b"x", organisation_id=uuid.uuid4())


class TestAppend:
    def test_takes_pieces_in_any_order_and_more_than_once(self, desk: Desk) -> None:
        import_id = desk.start(TWO_PIECES)
        for index in (1, 0, 1, 0):
            desk.append(import_id, index, TWO_PIECES[index * CHUNK_BYTES :][:CHUNK_BYTES])
        assert desk.submit(import_id)["state"] == "queued"

    def test_refuses_other_bytes_in_a_place_that_is_taken(self, desk: Desk) -> None:
        import_id = desk.start(b"abc")
        desk.append(import_id, 0, b"abc")
        with pytest.raises(ImportChunkWrong):
            desk.append(import_id, 0, b"abd")

    @pytest.mark.parametrize(
        ("index", "piece"), [(0, b"short"), (1, b"b" * 11), (1, b"b" * 9), (2, b"b"), (80, b"b"), (0, b"")]
    )
    def test_refuses_a_piece_of_the_wrong_size(self, desk: Desk, index: int, piece: bytes) -> None:
        with pytest.raises(ImportChunkWrong):
            desk.append(desk.start(TWO_PIECES), index, piece)

    def test_refuses_what_is_not_base64(self, desk: Desk) -> None:
        import_id = desk.start(b"abc")
        with desk.city.work() as work, pytest.raises(ImportChunkWrong):
            uploading.append_import_chunk(work, uploads=desk.uploads, import_id=import_id, index=0, data_base64="?")

    def test_refuses_more_once_the_file_is_complete(self, desk: Desk) -> None:
        import_id = desk.upload(b"abc")
        with pytest.raises(ImportNotUploading):
            desk.append(import_id, 0, b"abc")
        with pytest.raises(ImportNotUploading):
            desk.submit(import_id)


class TestSubmit:
    def test_refuses_a_file_with_a_piece_missing(self, desk: Desk) -> None:
        import_id = desk.start(TWO_PIECES)
        desk.append(import_id, 0, TWO_PIECES[:CHUNK_BYTES])
        with pytest.raises(ImportIncomplete):
            desk.submit(import_id)

    def test_refuses_a_file_that_is_not_the_one_announced(self, desk: Desk) -> None:
        import_id = desk.start(b"abc", sha256="0" * 64)
        desk.append(import_id, 0, b"abc")
        with pytest.raises(ImportIncomplete):
            desk.submit(import_id)
        assert desk.get(import_id)["state"] == "uploading"


class TestFileName:
    def test_is_shown_to_its_department_and_never_stored_in_the_clear(self, desk: Desk) -> None:
        import_id = desk.upload(b"abc", filename="张三丰的名单.csv")
        assert desk.get(import_id)["filename"] == "张三丰的名单.csv"
        with desk.city.work() as work:
            listed = results.list_imports(work, uploads=desk.uploads, page=Paging(limit=100))["items"]
            stored = work.session.scalar(select(IMPORTS.c.filename).where(IMPORTS.c.id == import_id))
        assert [item["filename"] for item in listed if item["id"] == import_id] == ["张三丰的名单.csv"]
        assert stored is not None and "张三丰".encode() not in stored

    def test_is_not_in_the_answer_of_a_command_which_is_kept_with_its_key(self, desk: Desk) -> None:
        import_id = desk.start(b"abc", filename="张三丰的名单.csv")
        assert desk.append(import_id, 0, b"abc")["filename"] is None
        assert desk.submit(import_id)["filename"] is None


class TestOtherDepartments:
    def test_see_nothing_of_an_import(self, desk: Desk) -> None:
        found = desk.run(csv_of([["张三", "1", "", "示范大学", "学生", "2024-09-01", ""]]), department="university")
        import_id = found["id"]
        page = {"limit": 10, "after": None}
        for ask in (
            lambda work: results.get_import(work, uploads=desk.uploads, import_id=import_id),
            lambda work: results.list_import_rows(
                work, uploads=desk.uploads, import_id=import_id, verdict=None, **page
            ),
            lambda work: results.read_import_workbook(work, uploads=desk.uploads, import_id=import_id, offset=0),
            lambda work: uploading.submit_import(work, uploads=desk.uploads, import_id=import_id),
            lambda work: uploading.append_import_chunk(
                work, uploads=desk.uploads, import_id=import_id, index=0, data_base64="YQ=="
            ),
        ):
            with desk.city.work("youth_league") as work, pytest.raises(ImportNotFound):
                ask(work)
        with desk.city.work("youth_league") as work:
            assert results.list_imports(work, uploads=desk.uploads, page=Paging())["items"] == []

    def test_have_lists_of_their_own_in_pages(self, desk: Desk) -> None:
        ids = [desk.start(b"x", department="health") for _ in range(3)]
        seen, after = [], None
        while True:
            with desk.city.work("health") as work:
                page = results.list_imports(work, uploads=desk.uploads, page=Paging(limit=2, after=after))
            seen += [item["id"] for item in page["items"]]
            after = page["next_after"]
            if after is None:
                break
        assert seen == ids


class TestRows:
    def test_come_in_pages_and_by_verdict(self, desk: Desk) -> None:
        row = ["张三", desk.city.id_number(), "", "没有的大学", "学生", "2024-09-01", ""]
        found = desk.run(csv_of([row] * 5))
        with desk.city.work() as work:
            first = results.list_import_rows(
                work, uploads=desk.uploads, import_id=found["id"], limit=3, after=None, verdict=None
            )
            rest = results.list_import_rows(
                work, uploads=desk.uploads, import_id=found["id"], limit=3, after=first["next_after"], verdict=None
            )
        assert [each["row"] for each in first["items"] + rest["items"]] == [2, 3, 4, 5, 6]
        assert rest["next_after"] is None
        assert desk.rows(found, verdict="accepted") == []


class TestWorkbook:
    def test_is_not_there_before_the_import_has_ended(self, desk: Desk) -> None:
        import_id = desk.start(b"abc")
        with desk.city.work() as work, pytest.raises(ImportWorkbookNotReady) as refused:
            results.read_import_workbook(work, uploads=desk.uploads, import_id=import_id, offset=0)
        assert refused.value.retry_after == 1

    @pytest.mark.parametrize("offset", [1, CHUNK_BYTES * 1000])
    def test_has_nothing_between_its_parts_or_past_its_end(self, desk: Desk, offset: int) -> None:
        found = desk.run(csv_of([["张三", "1", "", "示范大学", "学生", "2024-09-01", ""]]))
        with desk.city.work() as work, pytest.raises(Refusal):
            results.read_import_workbook(work, uploads=desk.uploads, import_id=found["id"], offset=offset)


class TestAtRest:
    def test_nothing_of_the_roster_is_readable_in_any_table(self, desk: Desk) -> None:
        school = desk.city.university(name="静止大学")
        assert school
        number, other = desk.city.id_number(), desk.city.id_number()
        secrets = ["司马无名", number, other, "13712345678", "bad-number-7"]
        rows = [
            ["司马无名", number, "13712345678", "静止大学", "学生", "2024-09-01", ""],
            ["司马无名", other, "1371234567x", "静止大学", "学生", "2024-09-01", ""],
            ["司马无名", "bad-number-7", "", "静止大学", "学生", "2024-09-01", ""],
        ]
        for content in (table(rows), csv_of(rows), csv_of(rows, encoding="gb18030")):
            desk.run(content)
            desk.run(content, mode="dry_run")
        stored = _everything(desk.city)
        for secret in secrets:
            for encoding in ("utf-8", "gb18030", "utf-16-le"):
                assert secret.encode(encoding) not in stored
        assert b"PK\x03\x04" not in stored

    def test_a_piece_moved_to_another_place_does_not_open(self, desk: Desk) -> None:
        first, second = desk.start(b"abc"), desk.start(b"abc")
        desk.append(first, 0, b"abc")
        desk.append(second, 0, b"abc")
        with desk.city.engine.begin() as connection:
            connection.exec_driver_sql(
                "update import_chunks set sealed = (select sealed from import_chunks where import_id = %s)"
                " where import_id = %s",
                (str(first), str(second)),
            )
        with pytest.raises(Exception, match="wrong key, or the field was moved"):
            desk.submit(second)


class TestPurge:
    def test_removes_imports_verdicts_and_workbooks_after_thirty_days(self, desk: Desk) -> None:
        found = desk.run(csv_of([["张三", "1", "", "示范大学", "学生", "2024-09-01", ""]]))
        assert found["expires_at"] == NOW + dt.timedelta(days=30)
        tables = ("imports", "import_chunks", "import_rows", "import_workbook_parts")
        kept = [name for name in tables if name != "import_chunks"]
        held = [desk.city.count(f"select count(*) from {name}") for name in kept]
        with desk.city.work(now=NOW + dt.timedelta(days=29)) as work:
            results.purge(work, uploads=desk.uploads)
        assert [desk.city.count(f"select count(*) from {name}") for name in kept] == held
        with desk.city.work(now=NOW + dt.timedelta(days=31)) as work:
            results.purge(work, uploads=desk.uploads)
        assert [desk.city.count(f"select count(*) from {name}") for name in tables] == [0, 0, 0, 0]


def _everything(city: City) -> bytes:
    """Every value of every table as PostgreSQL stores it."""
    stored = b""
    with of_owner(city.engine).connect() as connection:
        for name in inspect(connection).get_table_names():
            cursor = connection.exec_driver_sql(f'select * from "{name}"')
            for row in cursor:
                stored += b"\x1f".join(bytes(v) if isinstance(v, memoryview | bytes) else str(v).encode() for v in row)
    return stored
