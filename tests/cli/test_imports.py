"""A department's engineer sends rosters from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from tests.documents.blocks import blocks, is_like
from tests.support.command_lines import ROOT, CommandLine
from tests.support.towns import Town


@pytest.fixture
def roster(town: Town) -> Path:
    path, _ = town.roster(town.organisation("university"), 12)
    return path


@pytest.fixture
def flawed(town: Town, roster: Path) -> Path:
    """A roster with one wrong ID number."""
    book = load_workbook(roster)
    sheet: Any = book.active
    sheet["C5"] = "140702200401010000"
    path = roster.with_name("错一行.xlsx")
    book.save(path)
    return path


class TestUpload:
    def test_follows_the_import_to_its_end_and_counts(self, cli: CommandLine, roster: Path) -> None:
        done = cli("imports", "upload", roster, "--json")
        assert (done.only["state"], done.only["counts"]["accepted"]) == ("done", 12)
        again = cli("imports", "upload", roster)
        assert [line.split() for line in again.out.splitlines() if line.startswith("unchanged")] == [
            ["unchanged", "12"]
        ]
        assert "sending" in again.err

    def test_speaks_chinese_where_chosen(self, cli: CommandLine, roster: Path) -> None:
        done = cli("imports", "upload", roster, "--mode", "dry_run", LANG="zh_CN.UTF-8")
        assert "状态" in done.out
        assert "已接收" in done.out
        assert "姓名（必填） → 姓名" in done.out or "姓名 → 姓名" in done.out

    def test_says_how_the_file_was_read(self, cli: CommandLine, tmp_path: Path) -> None:
        path = tmp_path / "名册.csv"
        path.write_text(
            "姓名,身份证号,身份,学校,入学日期,手机号（家长）\n张三,1,学生,晋阳示范学院,2024-09,1\n", "gb18030"
        )
        done = cli("imports", "upload", path, "--mode", "dry_run")
        lines = {line.split("  ")[0]: line.split("  ")[-1].strip() for line in done.out.splitlines()}
        assert (lines["file form"], lines["header row"], lines["lines"]) == ("CSV, GB18030, ','", "1", "2")
        assert "身份证号 → ID number" in lines["columns read"]
        assert lines["not read"] == "手机号（家长）"
        assert "手机号（家长）: " in done.err

    def test_under_one_key_is_one_import(self, cli: CommandLine, roster: Path) -> None:
        first, second = (cli("imports", "upload", roster, "--key", "a-key-1", "--no-follow", "--json") for _ in "ab")
        assert first.only["id"] == second.only["id"]
        followed = cli("imports", "follow", first.only["id"], "--json")
        assert followed.only["state"] == "done"

    def test_ends_with_1_where_the_file_is_rejected(self, cli: CommandLine, flawed: Path, tmp_path: Path) -> None:
        assert (
            cli("imports", "upload", flawed, "--mode", "all_or_nothing", "--json", status=1).only["state"] == "rejected"
        )
        Workbook().save(tmp_path / "empty.xlsx")
        assert cli("imports", "upload", tmp_path / "empty.xlsx", status=1).out.count("rejected") >= 1

    def test_refuses_a_file_that_is_too_large_before_it_is_sent(self, cli: CommandLine, tmp_path: Path) -> None:
        with open(tmp_path / "large.xlsx", "wb") as file:
            file.truncate(21 * 2**20)
        assert "20 MiB" in cli("imports", "upload", tmp_path / "large.xlsx", status=1).err


class TestResults:
    def test_are_read_row_by_row_and_as_a_workbook(self, cli: CommandLine, flawed: Path, tmp_path: Path) -> None:
        done = cli("imports", "upload", flawed, "--json").only
        rows = cli("imports", "rows", done["id"], "--verdict", "rejected", "--json").only
        assert (rows["row"], rows["violations"][0]["column"]) == (5, "证件号码")
        assert "证件号码" in cli("imports", "rows", done["id"]).out
        saved = cli("imports", "workbook", done["id"], "-o", "remarks.xlsx", "--json").only
        assert saved["bytes"] == (tmp_path / "remarks.xlsx").stat().st_size
        assert load_workbook(tmp_path / "remarks.xlsx").active is not None
        assert (tmp_path / "remarks.xlsx").stat().st_mode & 0o077 == 0
        assert "--force" in cli("imports", "workbook", done["id"], "-o", "remarks.xlsx", status=1).err
        listed = cli("imports", "list", "--json").objects
        assert done["id"] in {one["id"] for one in listed}
        headings, *lines = (line.split() for line in cli("imports", "list").out.splitlines())
        assert headings == ["import", "created", "at", "file", "mode", "state", "rows"]
        assert next(line for line in lines if line[0] == done["id"])[3] == "错一行.xlsx"


class TestFailures:
    def test_print_the_gateways_error_and_end_with_1(self, cli: CommandLine) -> None:
        unknown = "0190aaaa-0000-7000-8000-000000000000"
        refused = cli("imports", "follow", unknown, "--json", status=1)
        assert json.loads(refused.err)["error"] == "talent.import_not_found"
        assert json.loads(refused.err)["what_to_do"].startswith("check the id")

    @pytest.mark.parametrize(("page", "language"), [("command-line.md", "en"), ("command-line.zh-CN.md", "zh")])
    def test_print_what_the_page_shows(self, cli: CommandLine, page: str, language: str) -> None:
        (shown,) = [block.text for block in blocks(ROOT / "docs" / page) if block.name == "refusal"]
        unknown = "0190aaaa-0000-7000-8000-000000000000"
        printed = cli("--lang", language, "imports", "follow", unknown, status=1).err
        assert len(shown.splitlines()) == len(printed.splitlines()) == 4
        assert all(map(is_like, shown.splitlines(), printed.splitlines())), printed

    def test_name_a_wrong_secret_and_never_print_one(self, cli: CommandLine) -> None:
        refused = cli("imports", "list", status=1, YOUTHCITY_CLIENT_SECRET="not-the-secret")
        assert "secret is wrong" in refused.err
        assert "not-the-secret" not in refused.err + refused.out

    def test_end_with_3_where_no_gateway_answers(self, cli: CommandLine, roster: Path) -> None:
        away = cli("imports", "upload", roster, status=3, YOUTHCITY_URL="http://127.0.0.1:9")
        assert "not reachable" in away.err
        assert "--key" in away.err, "so that a second try is safe"

    def test_end_with_2_where_nothing_is_set_up_or_it_is_called_wrongly(
        self, bare: CommandLine, cli: CommandLine
    ) -> None:
        assert "YOUTHCITY_CLIENT_ID" in cli("imports", "list", status=2, YOUTHCITY_CLIENT_ID=None).err
        assert "Missing argument" in cli("imports", "upload", status=2).err
        assert "缺少参数" in cli("imports", "upload", status=2, LANG="zh_CN").err
