"""Files nobody should send, as bytes, for the process that opens them; each has the code of the reason it is refused for.

Those that are also sent through the whole platform are made in ``tests.journeys.hostile_files``.
"""

from __future__ import annotations

import io
import struct
import zipfile

from tests.journeys.hostile_files import REFUSED, bomb, sparse
from tests.talent.imports.importing import csv_of, table


def lying_bomb() -> bytes:
    """A bomb whose directory says that its sheet is small."""
    content = bytearray(bomb())
    entry = content.rindex(b"xl/worksheets/sheet1.xml") - 46  # its place in the central directory, APPNOTE.TXT 4.3.12
    assert content[entry : entry + 4] == b"PK\x01\x02"
    struct.pack_into("<I", content, entry + 24, 1000)
    return bytes(content)


def many_parts() -> bytes:
    """An archive of thousands of empty parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
        for number in range(3000):
            archive.writestr(f"xl/{number}", "")
    return made.getvalue()


def billion_laughs() -> bytes:
    """A sheet whose XML names ten entities, each ten of the one before."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<!DOCTYPE s [<!ENTITY e0 "ha">{entities}]><worksheet><c t="inlineStr"><is><t>&e9;</t></is></c></worksheet>'
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(table([["a"]]))) as honest, zipfile.ZipFile(made, "w") as archive:
        for part in honest.namelist():
            archive.writestr(part, text if part.endswith("sheet1.xml") else honest.read(part))
    return made.getvalue()


#: name → bytes, codes of the reasons it may be refused for.
ALL: dict[str, tuple[bytes, tuple[str, ...]]] = {
    **{name: (content, (code,)) for name, (content, code) in REFUSED.items()},
    "sparse": (sparse(), ("file_too_large_when_opened",)),
    "bomb": (bomb(), ("file_too_large_when_opened",)),
    "lying bomb": (lying_bomb(), ("file_too_large_when_opened", "file_takes_too_long", "file_broken", "file_empty")),
    "many parts": (many_parts(), ("file_too_large_when_opened",)),
    "billion laughs": (billion_laughs(), ("file_broken", "file_empty", "header_row_missing")),
    "headers alone": (table([]), ("file_empty",)),
    "headers and blanks": (csv_of([[" "] * 7, [""] * 7]), ("file_empty",)),
    "spaces": (b" \r\n \t\r\n", ("file_empty",)),
    "byte order mark": (b"\xef\xbb\xbf", ("file_empty",)),
    "picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), ("file_format_unknown",)),
    "endless cell": (b'\xe5\xa7\x93\xe5\x90\x8d,"' + b"x" * 300_000, ("quote_unclosed",)),
    "endless cell without quotes": (b"\xe5\xa7\x93\xe5\x90\x8d," + b"x" * 300_000, ("file_broken",)),
    "no headers": (csv_of([], headers=["张三", "149999199001010018", "13800000000"]), ("header_row_missing",)),
}
