"""The header row of a table: which row it is, and which cell of a row belongs to which column.

Headers are Chinese or English, with the synonyms their kind names. A note in brackets that is no ornament (``notes``) makes a
header another column. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chassis.imports.cells import Spanned, plain
from chassis.imports.kinds import Column
from chassis.imports.notes import is_of_others, only_ornaments, split_notes, without_ornaments

#: Titles and notes may stand above the header row, in at most so many rows.
HEADER_SEARCH_ROWS = 10
_LONGEST_SHOWN = 20


@dataclass(frozen=True)
class HeaderRow:
    """Where the headers stand (`index` counts from 0) and which cell of a row belongs to which column key.

    `titles` are the headers read, by key. Not read: `ignored`, which no column has; `qualified`, of which a note or the
    heading above says that they are another's; `repeated`, (header, the one read in its place).
    """

    index: int
    cells: dict[str, int]
    titles: dict[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    qualified: tuple[str, ...] = ()
    repeated: tuple[tuple[str, str], ...] = ()

    def missing(self, required: Sequence[Column]) -> list[Column]:
        """The required columns that are not there."""
        return [column for column in required if column.key not in self.cells]


#: Header without ornaments → (the column, how near it comes to the column's own name: 0 is that name).
Known = Mapping[str, tuple[Column, int]]


def known_headers(columns: Sequence[Column]) -> Known:
    """Every header of the columns: their own names, then their synonyms, which stand with the most specific first."""
    known: dict[str, tuple[Column, int]] = {}
    for column in columns:
        known |= {_bare(name): (column, 0) for name in (column.zh, column.en, column.key)}
    for column in columns:
        for rank, synonym in enumerate(column.synonyms, 1):
            known.setdefault(_bare(synonym), (column, rank))
    return known


def header_key(header: str, columns: Sequence[Column]) -> str | None:
    """The key of the column a header stands for; None for a header no column has."""
    column, _, notes = _found(plain(header), known_headers(columns))
    return column.key if column is not None and only_ornaments(notes, column.allowed) else None


def find_header_row(rows: Sequence[Sequence[object]], columns: Sequence[Column]) -> HeaderRow | None:
    """The row of the first ten that holds most known headers, or None where no row holds two of them.

    One known word alone may stand in a title or in data (身份, 单位), so it makes no header row.
    """
    known = known_headers(columns)
    best: HeaderRow | None = None
    for index, row in enumerate(rows[:HEADER_SEARCH_ROWS]):
        candidate = _read_headers(index, row, known, _headings(rows[index - 1]) if index else {})
        if len(candidate.cells) >= 2 and (best is None or len(candidate.cells) > len(best.cells)):
            best = candidate
    return best


def headers_to_show(row: Sequence[object]) -> list[str]:
    """What may be repeated of a row that was expected to hold headers: nothing, if it looks like a person's data."""
    texts = [plain(cell)[:_LONGEST_SHOWN] for cell in row if isinstance(cell, str) and plain(cell)]
    if any(not isinstance(cell, str) and cell is not None for cell in row) or any(map(_has_digits, texts)):
        return []
    return texts[:30]


def squeezed(header: str) -> str:
    """A header as it is compared: without blanks, stars, colons and dashes, in one case."""
    return re.sub(r"[\s*:_、-]", "", plain(header)).casefold()


def _read_headers(index: int, row: Sequence[object], known: Known, headings: Mapping[int, str]) -> HeaderRow:
    found: dict[str, list[tuple[int, bool, int]]] = {}
    ignored: list[str] = []
    qualified: list[str] = []
    for position, cell in enumerate(row):
        if not isinstance(cell, str) or not (text := plain(cell)):
            continue
        column, rank, notes = _found(text, known)
        if column is None:
            ignored.append(_shown(cell))
        elif not only_ornaments(notes, column.allowed) or is_of_others(headings.get(position, "")):
            qualified.append(_shown(cell))
        else:
            found.setdefault(column.key, []).append((rank, bool(notes), position))
    cells = {key: min(places)[2] for key, places in found.items()}
    titles = {key: _shown(str(row[position])) for key, position in cells.items()}
    passed = [(place[2], key) for key, places in found.items() for place in places if place[2] != cells[key]]
    repeated = [(_shown(str(row[position])), titles[key]) for position, key in sorted(passed)]
    return HeaderRow(index, cells, titles, tuple(ignored), tuple(qualified), tuple(repeated))


def _found(text: str, known: Known) -> tuple[Column | None, int, list[str]]:
    """The column of a header (made ``plain``), how near the header comes to its name, and the notes beside that name.

    A bracket may belong to the name itself: 面积（平方米）.
    """
    bare, has_ornaments = without_ornaments(text)
    if (found := known.get(squeezed(bare))) is not None:
        return (*found, [""] if has_ornaments else [])
    word, notes = split_notes(text)
    return (*known.get(squeezed(word), (None, 0)), notes)


def _bare(name: str) -> str:
    return squeezed(without_ornaments(plain(name))[0])


def _headings(row: Sequence[object]) -> dict[int, str]:
    """The texts of the row above by position; each reaches as far to the right as it is merged, or else up to the next."""
    reaching: dict[int, str] = {}
    heading, has_merged = "", any(isinstance(cell, Spanned) for cell in row)
    for position, cell in enumerate(row):
        if isinstance(cell, str) and (cell.strip() or has_merged):
            heading = plain(cell)
        reaching[position] = heading
    return reaching


def _shown(header: str) -> str:
    """A header as the file has it, shortened; nothing of one that may be a person's data."""
    text = " ".join("".join(char if char.isprintable() else " " for char in header).split())[:_LONGEST_SHOWN]
    return "…" if _has_digits(plain(text)) else text


def _has_digits(text: str) -> bool:
    return re.search(r"\d{4}", text) is not None
