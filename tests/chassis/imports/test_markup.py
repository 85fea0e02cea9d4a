"""What a workbook says beside its values, in the spellings of the programs that write workbooks."""

from __future__ import annotations

import io
import zipfile

import pytest

from chassis.imports.markup import Marks, letters, read_book
from chassis.imports.reasons import FileRefused

_WORKBOOK = (
    '<workbook xmlns:r="r"><workbookPr {epoch}/><sheets><sheet name="名单" sheetId="1" r:id="x1"/></sheets></workbook>'
)
_RELATIONS = '<Relationships><Relationship Id="x1" Target="{target}"/></Relationships>'


def book(sheet: str, *, epoch: str = "", target: str = "worksheets/Sheet1.xml") -> zipfile.ZipFile:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("xl/workbook.xml", _WORKBOOK.format(epoch=epoch))
        archive.writestr("xl/_rels/workbook.xml.rels", _RELATIONS.format(target=target))
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return zipfile.ZipFile(made)


def marks(rows: str, **options: str) -> Marks:
    return read_book(book(f"<worksheet><sheetData>{rows}</sheetData></worksheet>", **options)).marks("名单")


class TestBook:
    @pytest.mark.parametrize("epoch", ['date1904="1"', 'date1904="true"'])
    def test_says_when_days_count_from_1904(self, epoch: str) -> None:
        assert read_book(book("", epoch=epoch)).is_1904 is True
        assert read_book(book("", epoch='date1904="0"')).is_1904 is False

    @pytest.mark.parametrize(
        "target", ["worksheets/sheet1.xml", "/xl/worksheets/sheet1.xml", "./worksheets/SHEET1.xml"]
    )
    def test_finds_a_sheet_however_its_place_is_written(self, target: str) -> None:
        assert marks('<row r="2" hidden="1"/>', target=target).hidden_rows == [2]

    def test_of_a_sheet_it_does_not_find_nothing_is_said(self) -> None:
        assert read_book(book("<worksheet/>", target="elsewhere.xml")).marks("名单") == Marks()


class TestMarks:
    @pytest.mark.parametrize(
        "row",
        ['<row r="2" hidden="1"/>', "<x:row r='2' hidden='true'></x:row>", '<row r="2" ht="0" customHeight="1"/>'],
    )
    def test_a_hidden_row_is_one_however_it_was_hidden(self, row: str) -> None:
        assert marks(row.replace("x:row", "row")).hidden_rows == [2]

    def test_positions_that_are_not_written_follow_the_one_before(self) -> None:
        found = marks('<row/><row hidden="1"><c/><c t="e"><v>#REF!</v></c></row>')
        assert (found.hidden_rows, found.faults) == ([2], {(1, 1): "#REF!"})

    def test_a_formula_without_a_value_is_one_and_an_empty_text_is_a_value(self) -> None:
        cells = (
            '<c r="A1"><f>B1</f></c><c r="B1"><f>C1</f><v></v></c><c r="C1" t="str"><f>IF(1,"","")</f><v></v></c>'
            '<c r="D1"><f>1+1</f><v>2</v></c><c r="AA1" t="e"><f>NA()</f><v>#N/A</v></c><c r="E1"/>'
        )
        assert marks(f'<row r="1">{cells}</row>').faults == {(0, 0): "=B1", (0, 1): "=C1", (0, 26): "#N/A"}

    def test_a_sheet_that_says_nothing_is_not_parsed(self) -> None:
        assert marks("<row><c t='inlineStr'><is><t>not closed</row>") == Marks()

    @pytest.mark.parametrize("rows", ['<row hidden="1">', '<row r="1"><c t="e"><v>'])
    def test_one_that_says_something_and_is_broken_is_refused(self, rows: str) -> None:
        with pytest.raises(FileRefused) as found:
            marks(rows)
        assert found.value.code == "file_broken"

    def test_a_document_type_is_refused_before_its_entities_are_read(self) -> None:
        bomb = '<!DOCTYPE s [<!ENTITY a "ha">]><worksheet><row hidden="1"><c><v>&a;</v></c></row></worksheet>'
        with pytest.raises(FileRefused):
            read_book(book(bomb)).marks("名单")


def test_columns_have_the_names_people_see() -> None:
    assert [letters(n) for n in (0, 25, 26, 701, 702, 16383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
