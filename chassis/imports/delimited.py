"""CSV files: their text, their delimiter, their rows, and quotes that are opened and not closed. Child process only.

A quote that is never closed makes one cell of all that follows, up to the next quote or the end. The reader of the standard
library takes that for a cell of several lines, so every record of more than one line is looked at here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from chassis.imports.encodings import decode
from chassis.imports.headers import HEADER_SEARCH_ROWS
from chassis.imports.reasons import FileRefused
from chassis.imports.tabular import Limits, Row, Table, is_filled

DELIMITERS = ",\t;"
_IN_QUOTES = re.compile(r'(?:[^"]+|"")*')
_LINE_END = re.compile(r"\r\n|\r|\n")
#: A cell of several lines that holds so much of the delimiters its lines would have as rows is no cell but rows.
LIKE_ROWS = 0.75


def open_csv(content: bytes, limits: Limits) -> Table:
    """The table of a CSV file in UTF-8 or GB18030; refuses (FileRefused) one whose quotes leave open what its rows are."""
    if b"\x00" in content:
        is_utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        raise FileRefused("file_encoding_unknown" if is_utf16 else "file_format_unknown")
    text, encoding = decode(content)
    lines = io.StringIO(text, newline="").readlines()
    delimiter = max(DELIMITERS, key=text[:4096].count)
    rows: list[Row] = []
    filled, blanks_from = 0, None
    for row in _records(lines, delimiter):
        filled += is_filled(row)
        if filled > limits.rows + HEADER_SEARCH_ROWS:
            raise FileRefused("too_many_rows", limit=limits.rows)
        if len(row) > limits.columns:
            row, blanks_from = limits.narrowed(row), limits.columns
        rows.append(row)
    return Table(rows, "csv", len(lines), encoding, delimiter, blanks_from=blanks_from)


def _records(lines: list[str], delimiter: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter)
    start = width = count = 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:  # a cell larger than any
            _check_quotes(lines[start:], start, delimiter, width=width, is_short=False)
            raise FileRefused("file_broken") from error
        if row is None:
            return
        end, count = reader.line_num, count + 1
        if count <= HEADER_SEARCH_ROWS:
            width = max(width, len(row))
        is_short = len(row) < width
        if (end - start > 1 or end == len(lines) or is_short) and any('"' in line for line in lines[start:end]):
            _check_quotes(lines[start:end], start, delimiter, width=width, is_short=is_short)
        start = end
        yield list(row)


def _check_quotes(lines: list[str], before: int, delimiter: str, *, width: int, is_short: bool) -> None:
    """Refuse (FileRefused) the lines of one record that a quote made one of several rows, or one cell of several.

    `before` lines stand above them. A row has `width` cells, and `is_short` says that this record has fewer.
    """
    text = "".join(lines)
    opening = re.compile(rf'(?:\A|(?<=[\r\n{re.escape(delimiter)}]))"')
    position = 0
    while (found := opening.search(text, position)) is not None:
        start = found.end()
        inside = _IN_QUOTES.match(text, start)
        end = inside.end() if inside is not None else start
        breaks = len(_LINE_END.findall(text, start, end))
        delimiters = text.count(delimiter, start, end)
        goes_on = text[end + 1 : end + 2].strip(" ") not in ("", "\r", "\n", delimiter)
        is_rows = breaks and width > 2 and delimiters >= LIKE_ROWS * breaks * (width - 1)
        if end == len(text) or is_rows or (goes_on and (breaks or (delimiters and is_short))):
            raise FileRefused("quote_unclosed", line=before + len(_LINE_END.findall(text, 0, start)) + 1)
        position = end + 1
