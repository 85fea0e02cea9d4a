"""Files of rows, written while they are sent: CSV (RFC 4180) and XLSX (ECMA-376), page by page, never whole in memory.

Every cell is a text. One that a spreadsheet program could take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape

from chassis.imports.cells import FORMULA_STARTS, LONGEST_CELL

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Pages = Iterable[Sequence[Sequence[str]]]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
#: What XML 1.0 cannot hold.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def harmless(text: str) -> str:
    """The text as a cell may have it."""
    return ("'" + text if text.startswith(FORMULA_STARTS) else text)[:LONGEST_CELL]


def csv_of(pages: Pages) -> Iterator[bytes]:
    """The pages as CSV in UTF-8; the mark at its beginning is what spreadsheet programs know the encoding by."""
    yield b"\xef\xbb\xbf"
    for rows in pages:
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows([[harmless(cell) for cell in row] for row in rows])
        yield text.getvalue().encode()


class _Sent(io.RawIOBase):
    """What the archive has written since it was last taken; a stream that cannot go back."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def xlsx_of(pages: Pages, *, name: str) -> Iterator[bytes]:
    """The pages as a workbook of one sheet."""
    sent, number = _Sent(), 0
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for path, text in _parts(name).items():
            archive.writestr(path, _HEAD + text)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for rows in pages:
                for row in rows:
                    number += 1
                    cells = "".join(
                        f'<c t="inlineStr"><is><t xml:space="preserve">{_text(cell)}</t></is></c>' for cell in row
                    )
                    sheet.write(f'<row r="{number}">{cells}</row>'.encode())
                yield sent.taken()
            sheet.write(b"</sheetData></worksheet>")
    yield sent.taken()


def _text(cell: str) -> str:
    return escape(_UNWRITABLE.sub("", harmless(cell)))


def _parts(name: str) -> dict[str, str]:
    """The parts of a workbook beside its sheet."""
    sheet_name = re.sub(r"[\[\]:*?/\\']", " ", name)[:31].strip() or "Sheet1"
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{main}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{main}.worksheet+xml"/></Types>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument"'
            ' Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name="{escape(sheet_name, {chr(34): "&quot;"})}" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/worksheet"'
            ' Target="worksheets/sheet1.xml"/></Relationships>'
        ),
    }
