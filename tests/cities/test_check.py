"""A pack is read strictly: both packs hold, and every kind of mistake comes with its file, its key and what to write instead."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from cli import language
from cli.city.checking import check
from cli.city.reading import read
from cli.city.writing import toml
from tests.cities.conftest import JINZHONG, PACKS, Commands, change
from tests.cities.mistakes import BOATS, FERRY, MISTAKES, TICKETS


@pytest.mark.parametrize("name", PACKS)
class TestThePacks:
    def test_hold_without_a_mistake(self, name: str) -> None:
        assert [mistake.line for mistake in check(PACKS[name])[1]] == []

    def test_come_back_from_what_is_written_of_them(self, name: str, tmp_path: Path) -> None:
        documents = read(PACKS[name]).documents
        for file, document in documents.items():
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).write_text(toml(document), encoding="utf-8")
        assert read(tmp_path).documents == documents


class TestJinzhong:
    def test_has_each_programme_and_figure_of_the_report_once(self) -> None:
        pack, _, _ = check(JINZHONG)
        assert [one["key"] for one in pack.programmes.values()] == [f"P{number:02d}" for number in range(1, 45)]
        numbers = sorted(figure["number"] for _, _, figure in pack.each("figures"))
        assert numbers == [f"F{number:02d}" for number in range(1, 55)]

    def test_says_what_is_open_instead_of_inventing_it(self) -> None:
        remarks = [remark.line for remark in check(JINZHONG)[2]]
        assert any("2027" in line and "No notice" in line for line in remarks)
        assert any("10, 3 are listed" in line for line in remarks)

    def test_reports_the_same_records_of_two_departments_as_one(self) -> None:
        figures = {figure["key"]: figure for _, _, figure in check(JINZHONG)[0].each("figures")}
        twins = {key: one["same_records_as"] for key, one in figures.items() if one["same_records_as"]}
        assert twins == {
            "projects.introduced@zone": "projects.introduced@sti",
            "project_activities@zone": "project_activities@sti",
        }
        for key, other in twins.items():
            assert figures[key]["of"]["kinds"] == figures[other]["of"]["kinds"]


class TestAMistake:
    @pytest.mark.parametrize("kind", MISTAKES)
    def test_is_named_with_file_key_and_remedy(self, pack: Path, kind: str) -> None:
        file, before, after, key, remedy = MISTAKES[kind]
        change(pack / file, before, after)
        found = [one for one in check(pack)[1] if one.path == key]
        assert found, [one.line for one in check(pack)[1]]
        where = TICKETS if key == "" else file
        assert (found[0].file, remedy in found[0].instead.en) == (where, True), found[0].line
        for mistake in check(pack)[1]:
            assert mistake.instead.zh and mistake.instead.en, f"no remedy: {mistake.line}"
            assert re.search(r"[\u4e00-\u9fff]", mistake.wrong.zh), f"not in Chinese: {mistake.wrong.zh}"

    def test_that_a_file_is_missing_or_nobody_reads_it_is_named(self, pack: Path) -> None:
        (pack / "departments.toml").rename(pack / "department.toml")
        found = {one.file: one.instead.en for one in check(pack)[1] if not one.path}
        assert found == {"departments.toml": "Add it.", "department.toml": "Did you mean “departments.toml”?"}

    def test_does_not_hide_the_others(self, pack: Path) -> None:
        change(pack / FERRY, '"planned"', '"plannd"')
        change(pack / BOATS, '"Z2"', '"Z1"')
        assert {one.file for one in check(pack)[1]} >= {FERRY, BOATS}


class TestTheCommand:
    def test_ends_with_0_and_counts_what_the_pack_holds(self, alone: Commands) -> None:
        done = alone("check", JINZHONG)
        assert "44 programmes, 54 figures" in done.out
        assert "2027" in done.err
        assert "44 个项目" in alone("check", JINZHONG, lang=language.ZH).out

    def test_ends_with_1_and_names_the_mistakes_in_the_chosen_language(self, alone: Commands, pack: Path) -> None:
        change(pack / FERRY, '"planned"', '"plannd"')
        english, chinese = (alone("check", pack, status=1, lang=lang).out for lang in (language.EN, language.ZH))
        assert f"{FERRY}: status: Must be one of: running, planned, advocated." in english
        assert f"{FERRY}: status: 应为下列之一" in chinese
        (found,) = alone("check", pack, "--json", status=1).objects
        assert (found["kind"], found["file"], found["path"]) == ("mistake", FERRY, "status")


def test_every_display_of_the_pack_can_be_read_off_its_definition() -> None:
    """The grain of a rounded figure, and the numerals where the report writes Chinese ones."""
    rows = {
        figure["number"]: figure["display"] | {"classifier": figure["classifier"]}
        for _, _, figure in check(JINZHONG)[0].each("figures")
    }
    rounded = {number: one["grain"] for number, one in rows.items() if one["qualifier"] != "exact"}
    stated = "F09,10 F18,1000000 F23,100 F24,1000 F26,100 F27,1000 F28,100 F29,1000 F47,100 F54,10"
    assert rounded == {key: int(grain) for key, grain in csv.reader(stated.split())}
    assert [number for number, one in rows.items() if one["numerals"] == "chinese"] == [
        "F12",
        "F13",
        "F14",
        "F43",
        "F44",
        "F49",
    ]
