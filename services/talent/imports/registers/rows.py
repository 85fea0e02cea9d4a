"""The law of one row of a register's file: from raw cells to the values talent records, or to what is wrong with them.

Never repeats what a cell holds. What it knows of the kind is `given`, as ``columns.given_of`` makes it. Which organisations the
names mean, and whether the entry is known, is decided where the records are. Runs in the child process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chassis.declared.cells import one_word, read_cell, read_county
from chassis.imports.cells import Cell, Wrong, as_number, as_text, filled
from chassis.imports.days import read_day
from contracts.language.violations import Violation

#: What stands between two organisations in one cell.
BETWEEN = re.compile(r"[、;；\n]")
Given = Mapping[str, Any]
_Read = Callable[[Cell, list[str]], Any]


@dataclass(frozen=True)
class EntryCells:
    """The values of one good row as JSON: `parties` and `codes` by role, `days` and `fields` by key, without those left empty.

    `known_by`: the natural key as the file writes it. `notes` say what was inferred: a column's key and the code.
    """

    title: str | None
    county: str | None
    days: dict[str, str]
    parties: dict[str, list[str]]
    codes: dict[str, list[str]]
    fields: dict[str, Any]
    known_by: str
    notes: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def to_json(self) -> dict[str, Any]:
        """The values as JSON."""
        names = ("title", "county", "days", "parties", "codes", "fields")
        return {name: getattr(self, name) for name in names}


def read_row(cells: Mapping[str, Cell], given: Given) -> EntryCells | list[Violation]:
    """The row's values, or everything that is wrong with its cells at once; `cells` has the columns the file has."""
    values: dict[str, Any] = {}
    violations: list[Violation] = []
    notes: list[tuple[str, str]] = []
    for key, read in _readers(given).items():
        found: list[str] = []
        try:
            values[key] = read(cells.get(key), found)
        except Wrong as wrong:
            violations.append(Violation(key, wrong.code, wrong.zh, wrong.en))
        notes += [(key, code) for code in found]
    if violations:
        return violations
    groups = {name: _below(name, values) for name in ("parties", "codes", "fields")}
    days = {key: values[key] for key in given["days"] if values[key] is not None}
    title, county = values["title"], values["county"]
    known_by = _known_by(given["natural_key"], {**groups["fields"], **groups["parties"], "title": title})
    return EntryCells(title, county, days, **groups, known_by=known_by, notes=tuple(notes))


def group_of(row: EntryCells) -> object:
    """Equal for rows of one entry, as far as the file itself tells."""
    return row.known_by


def _below(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    prefix = f"{name}/"
    return {
        key.removeprefix(prefix): value
        for key, value in values.items()
        if key.startswith(prefix) and value not in (None, [])
    }


def _known_by(natural_key: list[str], values: Mapping[str, Any]) -> str:
    """The values an entry is known by, in one spelling."""
    parts = [values.get(name) for name in natural_key]
    spelt = [sorted(map(one_word, part)) if isinstance(part, list) else part for part in parts]
    return json.dumps([one_word(part) if isinstance(part, str) else part for part in spelt], ensure_ascii=False)


def _readers(given: Given) -> dict[str, _Read]:
    readers: dict[str, _Read] = {"title": lambda cell, notes: _read_title(cell, is_required=given["is_title_required"])}
    for role in given["roles"]:
        readers[f"parties/{role['role']}"] = _reader_of_names(role)
    for role in given["codes"]:
        readers[f"codes/{role}"] = lambda cell, notes: BETWEEN.split(as_number(cell)) if as_number(cell) else []
    readers |= dict.fromkeys(given["days"], _read_day)
    readers["county"] = lambda cell, notes: read_county(cell)
    for one in given["fields"]:
        readers[f"fields/{one['key']}"] = _reader_of_field(one)
    return readers


def _reader_of_names(role: Given) -> _Read:
    def read(cell: Cell, notes: list[str]) -> list[str]:
        text = as_text(cell)
        parts = BETWEEN.split(text) if role["several"] else [text]
        names = [part.strip() for part in parts if part.strip()]
        if not names and role["required"]:
            raise Wrong("required", "必填。", "Required.")
        return names

    return read


def _reader_of_field(one: Given) -> _Read:
    return lambda cell, notes: read_cell(one, cell, notes)


def _read_title(cell: Cell, *, is_required: bool) -> str | None:
    text = as_text(cell)
    return filled(text) if is_required else text or None


def _read_day(cell: Cell, notes: list[str]) -> str | None:
    day, inferred = read_day(cell)
    notes += [inferred] if inferred else []
    return day.isoformat() if day else None
