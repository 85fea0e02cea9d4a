"""Opening strangers' files: every hostile one is an answer, within limits, in a process that knows nothing of ours."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import pytest

from chassis.imports import limited
from chassis.imports.limited import ChildFailed, read_file
from chassis.imports.reasons import REASONS, FileRefused, reason
from chassis.imports.settings import ImportSettings
from services.talent.imports import kinds
from tests.talent.imports import hostile_files
from tests.talent.imports.importing import HEADERS, csv_of, table

SETTINGS = ImportSettings(wall_seconds=30)
#: Without the keys that applying it needs.
ROSTER = kinds.of_keys(None)["roster"]  # type: ignore[arg-type]
NUMBER = "149999199001010018"
GOOD = ["张三", NUMBER, "13800000000", "示范大学", "学生", "2024-09-01", ""]


def read(content: bytes, *, settings: ImportSettings = SETTINGS) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    lines = read_file([content], ROSTER, is_given=False, settings=settings, on_wait=lambda: None)
    return next(lines), list(lines)


def refused(content: bytes, *, settings: ImportSettings = SETTINGS) -> FileRefused:
    with pytest.raises(FileRefused) as found:
        read(content, settings=settings)
    return found.value


class TestHostileFiles:
    @pytest.mark.parametrize("name", hostile_files.ALL)
    def test_is_refused_with_its_reason_in_both_languages(self, name: str) -> None:
        content, codes = hostile_files.ALL[name]
        found = refused(content)
        assert found.code in codes
        texts = reason(found.code, **found.params)
        assert texts["zh-CN"]
        assert texts["en"]

    def test_the_reason_for_missing_headers_names_those_seen_and_expected(self) -> None:
        found = refused(csv_of([["a"] * 3], headers=["姓名", "身份", "宿舍"]))
        texts = reason(found.code, **found.params)
        assert "宿舍" in texts["zh-CN"]
        for wanted in ("证件号码", "学校/单位名称", "入学/入职日期"):
            assert wanted in texts["zh-CN"]
        assert "ID number" in texts["en"]

    def test_a_first_row_of_personal_data_is_not_repeated_in_the_reason(self) -> None:
        content, _ = hostile_files.ALL["no headers"]
        found = refused(content)
        shown = json.dumps(reason(found.code, **found.params), ensure_ascii=False)
        assert "张三" not in shown
        assert NUMBER not in shown

    def test_every_reason_fills_its_text_in_both_languages(self) -> None:
        params = dict.fromkeys(
            ("limit", "searched", "seen", "expected", "missing", "rejected", "line", "count", "rows"), "1"
        )
        for code in REASONS:
            texts = reason(code, **params)
            assert "{" not in texts["zh-CN"] + texts["en"]


class TestLimits:
    def test_a_child_that_needs_too_much_memory_is_distinguished_from_one_that_fails(self) -> None:
        content = csv_of([[*GOOD[:-1], "注" * 300]] * 40_000)
        found = refused(content, settings=replace(SETTINGS, memory_bytes=100 * 2**20))
        assert found.code == "file_too_large_when_opened"

    def test_a_child_that_takes_too_long_is_ended(self) -> None:
        started = time.monotonic()
        found = refused(csv_of([GOOD] * 40_000), settings=replace(SETTINGS, cpu_seconds=1, wall_seconds=1))
        assert found.code == "file_takes_too_long"
        assert time.monotonic() - started < 10

    def test_an_answer_beyond_its_size_is_too_large(self) -> None:
        found = refused(csv_of([GOOD] * 20_000), settings=replace(SETTINGS, answer_bytes=100_000))
        assert found.code == "file_too_large_when_opened"

    def test_rows_and_columns_have_an_end(self) -> None:
        small = replace(SETTINGS, max_rows=3, max_columns=10)
        assert refused(table([GOOD] * 4), settings=small).code == "too_many_rows"
        assert refused(table([[*GOOD, *"abcd"]]), settings=small).code == "too_many_columns"
        assert read(table([GOOD] * 3), settings=small)[0]["total"] == 3

    def test_the_waiting_service_is_called_back_now_and_then(self) -> None:
        calls: list[float] = []
        impatient = replace(SETTINGS, renew_seconds=0)
        lines = read_file(
            [csv_of([GOOD])],
            ROSTER,
            is_given=False,
            settings=impatient,
            on_wait=lambda: calls.append(time.monotonic()),
        )
        assert len(list(lines)) == 2
        assert calls

    def test_a_child_that_cannot_start_is_no_fault_of_the_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limited.sys, "executable", "/bin/false")
        with pytest.raises(ChildFailed):
            read(table([GOOD]))


class TestChild:
    def test_imports_neither_the_broker_nor_the_database(self) -> None:
        program = (
            "import sys; import chassis.imports.child, chassis.imports.reading, chassis.imports.annotating,"
            " chassis.imports.opening, services.talent.imports.roster.rows, services.talent.imports.registers.rows;"
            "print(sorted({'nameko', 'kombu', 'eventlet', 'sqlalchemy', 'psycopg2', 'marshmallow'} & set(sys.modules)))"
        )
        run = subprocess.run([sys.executable, "-c", program], cwd=limited.CHECKOUT, capture_output=True, check=True)
        assert run.stdout.strip() == b"[]"

    def test_gets_no_setting_and_no_descriptor_of_the_service(self, monkeypatch: pytest.MonkeyPatch) -> None:
        started: dict[str, Any] = {}
        popen = subprocess.Popen

        def watch(*args: Any, **fields: Any) -> Any:
            started.update(fields)
            return popen(*args, **fields)

        monkeypatch.setenv("TALENT_DATABASE_URL", "secret")
        monkeypatch.setattr(limited.subprocess, "Popen", watch)
        read(table([GOOD]))
        assert set(started["env"]) == {"LANG"}
        assert started["close_fds"] is True


class TestReading:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_reads_a_chinese_csv_in_this_encoding(self, encoding: str) -> None:
        about, rows = read(csv_of([GOOD], encoding=encoding))
        assert (about["total"], about["warnings"], about["hidden"]) == (1, [], [])
        assert about["reading"]["encoding"] == ("GB18030" if encoding == "gb18030" else "UTF-8")
        assert rows[0]["values"]["name"] == "张三"

    @pytest.mark.parametrize("delimiter", [",", "\t", ";"])
    def test_reads_a_csv_with_this_delimiter(self, delimiter: str) -> None:
        text = "\n".join(delimiter.join(row) for row in (HEADERS, GOOD))
        assert read(text.encode())[1][0]["values"]["id_number"] == NUMBER

    def test_a_csv_that_begins_like_an_archive_is_a_csv(self) -> None:
        assert read(csv_of([["1", *GOOD]], headers=["PK号", *HEADERS]))[0]["total"] == 1

    def test_rows_keep_the_number_the_spreadsheet_shows(self) -> None:
        assert [row["row"] for row in read(csv_of([GOOD, [""] * 7, GOOD]))[1]] == [2, 4]
        titled = csv_of([[""] * 7, HEADERS, GOOD], headers=["某大学名单", *[""] * 6])
        assert [row["row"] for row in read(titled)[1]] == [4]

    def test_what_is_not_read_is_warned_of(self) -> None:
        about, _ = read(csv_of([[*GOOD, "1号楼", "13900000000"]], headers=[*HEADERS, "宿舍", "联系电话"]))
        assert [(each["code"], each["column"]) for each in about["warnings"]] == [
            ("column_ignored", "宿舍"),
            ("column_repeated", "联系电话"),
        ]

    def test_rows_of_one_person_come_together_however_the_number_is_written(self) -> None:
        numbers = [
            "14999919900101000x",
            NUMBER,
            "１４９９９９１９９００１０１０００Ｘ",
            "149999 19900101 000X",
            "bad",
            "bad",
        ]
        rows = read(csv_of([["张三", number, *GOOD[2:]] for number in numbers]))[1]
        assert [row["row"] for row in rows] == [2, 4, 5, 3, 6, 7]
        people = [row["group"] for row in rows]
        assert people[0] == people[1] == people[2]
        assert len(set(people)) == 4

    def test_a_person_on_too_many_rows_is_rejected_from_there_on(self) -> None:
        rows = read(csv_of([GOOD] * 22))[1]
        assert [row["violations"][0]["code"] for row in rows if "violations" in row] == ["person_listed_too_often"] * 2
