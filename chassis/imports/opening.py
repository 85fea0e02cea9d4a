"""From the bytes of an XLSX or CSV file to a table of cells. Runs in the child process only.

Lives here: which of the two a file is. What a text says (`=1+1`) is data and never calculated.
"""

from __future__ import annotations

from collections.abc import Sequence

from chassis.imports.delimited import open_csv
from chassis.imports.kinds import Column
from chassis.imports.reasons import FileRefused
from chassis.imports.tabular import Limits, Table, is_filled
from chassis.imports.workbooks import open_xlsx

OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
"""Password-protected workbooks and those of Excel 97-2003 are OLE containers ([MS-OFFCRYPTO], [MS-CFB] 2.2)."""

ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
"""An archive with entries, and one without (APPNOTE.TXT 4.3.7 and 4.3.16)."""


def open_table(content: bytes, limits: Limits, columns: Sequence[Column]) -> Table:
    """The table in a file of unknown kind; refuses (FileRefused) what is no XLSX or CSV, or exceeds the limits."""
    if not content.strip(b"\x00 \t\r\n"):
        raise FileRefused("file_empty")
    if content.startswith(OLE_MAGIC):
        raise FileRefused("file_locked_or_old")
    is_archive = content.startswith(ZIP_MAGICS)
    table = open_xlsx(content, limits, columns) if is_archive else open_csv(content, limits)
    if not any(map(is_filled, table.rows)):
        raise FileRefused("file_empty")
    return table
