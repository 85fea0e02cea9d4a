"""What a workbook says beside the values of its cells: its epoch, hidden rows and columns, failed and valueless formulas.

Calamine leaves these out. A sheet is searched for them as bytes, and parsed only if it has any. Child process only.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from chassis.imports.reasons import FileRefused

PIECE = 2**18
LARGEST_INDEX = 2**22
"""Bytes of the parts that list sheets; no honest one is near it."""

_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_TRUE = ("1", "true")
_OF_INTEREST = re.compile(rb"""\bhidden=["'](?:1|true)|\bht=["']0["'.]|\bt=["']e["']|<(?:\w+:)?f[\s/>]""")
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")

Attributes = dict[str, str]


@dataclass
class Marks:
    """What one sheet says: numbers of hidden rows from 1, hidden columns from 0, and texts for cells by (row, column) from 0."""

    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    faults: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass
class Book:
    """The parts of a workbook's archive: whether serial numbers count from 1904, and the part of each sheet by its name."""

    archive: zipfile.ZipFile
    is_1904: bool = False
    parts: dict[str, str] = field(default_factory=dict)

    def marks(self, sheet: str) -> Marks:
        """What a sheet says beside its values; refuses (FileRefused) one that cannot be parsed and says anything."""
        part = self.parts.get(sheet)
        marks = Marks()
        if part is not None and self._says_something(part):
            _parse(self._pieces(part), _SheetReader(marks))
        return marks

    def _says_something(self, part: str) -> bool:
        tail = b""
        for piece in self._pieces(part):
            if _OF_INTEREST.search(tail + piece):
                return True
            tail = piece[-32:]
        return False

    def _pieces(self, part: str) -> Iterator[bytes]:
        try:
            with self.archive.open(part) as content:
                while piece := content.read(PIECE):
                    yield piece
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
            raise FileRefused("file_broken") from error


def read_book(archive: zipfile.ZipFile) -> Book:
    """The workbook's own list of sheets; a part that is not where it should be is left to calamine."""
    book, names = Book(archive), {name.casefold(): name for name in archive.namelist()}
    sheets: dict[str, str] = {}
    targets: dict[str, str] = {}

    def start(name: str, attributes: Attributes) -> None:
        if name == "workbookPr":
            book.is_1904 = attributes.get("date1904") in _TRUE
        elif name == "sheet" and "name" in attributes:
            sheets[attributes["name"]] = next((attributes[key] for key in attributes if key.endswith(":id")), "")
        elif name == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    for index in (_WORKBOOK, _RELATIONS):
        if index in archive.namelist():
            _parse(_small(archive, index), start)
    for sheet, relation in sheets.items():
        part = posixpath.normpath(posixpath.join("/xl", targets.get(relation, ""))).lstrip("/")
        if (stored := names.get(part.casefold())) is not None:
            book.parts[sheet] = stored
    return book


def _small(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    try:
        with archive.open(part) as content:
            yield content.read(LARGEST_INDEX)
            if content.read(1):
                raise FileRefused("file_too_large_when_opened")
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise FileRefused("file_broken") from error


class _SheetReader:
    """Gathers the marks of a sheet while it is parsed; positions that are not written follow the one before."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._row, self._column = -1, -1
        self._type, self._value, self._formula = "", "", ""
        self._has_formula = False
        self._into: str | None = None

    def __call__(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._start_cell(attributes)
        elif name in ("v", "t", "f"):
            self._into = name
            self._has_formula = self._has_formula or name == "f"
        elif name == "row":
            self._row = int(attributes["r"]) - 1 if attributes.get("r", "").isdigit() else self._row + 1
            self._column = -1
            if attributes.get("hidden") in _TRUE or _is_zero(attributes.get("ht", "")):
                self._marks.hidden_rows.append(self._row + 1)
        elif name == "col" and attributes.get("hidden") in _TRUE:
            first, last = int(attributes["min"]), min(int(attributes["max"]), 2**14)
            self._marks.hidden_columns.extend(range(first - 1, last))

    def text(self, text: str) -> None:
        if self._into == "f":
            self._formula += text
        elif self._into is not None:
            self._value += text

    def end(self, name: str) -> None:
        if name in ("v", "t", "f"):
            self._into = None
        elif name == "c":
            place = (self._row, self._column)
            if self._type == "e":
                self._marks.faults[place] = self._value or "#N/A"
            elif self._has_formula and not self._value and self._type != "str":
                self._marks.faults[place] = "=" + self._formula

    def _start_cell(self, attributes: Attributes) -> None:
        found = _REFERENCE.fullmatch(attributes.get("r", ""))
        self._column = _index(found[1]) if found else self._column + 1
        self._type, self._value, self._formula = attributes.get("t", ""), "", ""
        self._has_formula = False


def _parse(pieces: Iterator[bytes], start: Callable[[str, Attributes], None]) -> None:
    """Parse XML with `start` for each element, its name without a prefix; no document of ours has a document type."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    parser.StartDoctypeDeclHandler = _refuse_document_type
    if isinstance(start, _SheetReader):
        parser.EndElementHandler = lambda name: start.end(name.rpartition(":")[2])
        parser.CharacterDataHandler = start.text
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, KeyError) as error:
        raise FileRefused("file_broken") from error


def _refuse_document_type(*_: object) -> None:
    raise FileRefused("file_broken")


def _is_zero(height: str) -> bool:
    return height.partition(".")[0] == "0" and not height.strip("0.")


def _index(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def letters(index: int) -> str:
    """The name of a column, from its index: 0 is A, 26 is AA."""
    name = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name
