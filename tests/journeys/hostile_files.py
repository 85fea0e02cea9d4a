"""Files nobody should send, made small: each as bytes, with the reason it must be refused for."""

from __future__ import annotations

import io
import zipfile

from openpyxl import Workbook

HEADERS = ["姓名", "证件类型", "证件号码", "手机号", "学校", "身份", "入学日期", "预计毕业日期"]

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.'
    'openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="{kind}" Target="{target}"/></Relationships>'
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sparse() -> bytes:
    """Two cells, A1 and XFD1048576: a table of 17 thousand million cells to whoever fills the rectangle."""
    cell = '<c r="{ref}" t="inlineStr"><is><t>姓名</t></is></c>'
    rows = f'<row r="1">{cell.format(ref="A1")}</row><row r="1048576">{cell.format(ref="XFD1048576")}</row>'
    return _workbook(f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode())


def bomb() -> bytes:
    """A sheet of 400 MB of blanks in a file of half a megabyte."""
    return _workbook(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode() + b" " * 400_000_000)


def _workbook(sheet: bytes) -> bytes:
    made = io.BytesIO()
    workbook = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATION}"><sheets><sheet name="s" sheetId="1" r:id="rId1"/>'
        "</sheets></workbook>"
    )
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELS.format(kind=f"{_RELATION}/officeDocument", target="xl/workbook.xml"))
        archive.writestr("xl/workbook.xml", workbook)
        target = _RELS.format(kind=f"{_RELATION}/worksheet", target="worksheets/sheet1.xml")
        archive.writestr("xl/_rels/workbook.xml.rels", target)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return made.getvalue()


def table(rows: list[list[object]], headers: list[str] | None = None) -> bytes:
    """An honest workbook of these rows."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [headers or HEADERS, *rows]:
        sheet.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


#: name → bytes, and the code of the reason; files that are refused as a whole.
REFUSED: dict[str, tuple[bytes, str]] = {
    "empty.xlsx": (b"", "file_empty"),
    "blank.xlsx": (table([], headers=[""]), "file_empty"),
    "unknown-headers.xlsx": (table([["a", "b"]], headers=["甲", "乙"]), "header_row_missing"),
    "missing-header.xlsx": (table([["a", "学生"]], headers=["姓名", "身份"]), "headers_missing"),
    "utf-16.csv": ("姓名,证件号码".encode("utf-16"), "file_encoding_unknown"),
    "bytes.csv": (b"\xff\xff\xff,\x80\x81", "file_encoding_unknown"),
    "old.xls": (bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 600, "file_locked_or_old"),
    "damaged.xlsx": (table([["a"] * 8])[:-200], "file_broken"),
    "not-a-workbook.xlsx": (b"PK\x05\x06" + b"\x00" * 18, "file_format_unknown"),
    "too-wide.csv": (b",".join([b"x"] * 300), "too_many_columns"),
    "too-long.csv": (
        ("姓名,证件号码,学校,身份,入学日期\n" + "张三,1,大学,学生,2024-09-01\n" * 50_100).encode(),
        "too_many_rows",
    ),
}
