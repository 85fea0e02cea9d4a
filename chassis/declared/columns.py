"""The columns of files that declared fields make: headers, synonyms, drop-down lists, examples; and what their reader is given.

Lives here: what the service makes at the start of a job and for a template. Reading the cells is ``cells``, in the child process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from chassis.declared.cells import READABLE, YUAN, Given, one_word
from chassis.imports.cells import plain
from chassis.imports.headers import squeezed
from chassis.imports.kinds import Column
from contracts.language.declared import CHOICE, DAY, MONEY, MONTH, YES_NO

Declared = Sequence[Mapping[str, Any]]
PREFIX = "fields/"
"""Before a field's key in the key of its column, as in a violation of its value."""
YES, NO = "是", "否"
_EXAMPLES = {
    "text": "示例",
    "day": "2024-09-01",
    "month": "2024-09",
    "number": "100",
    "money": "10000",
    "yes_no": YES,
    "organisation": "示范单位",
    "county": "110101",
}
_UNIT = re.compile(r"[(（]\s*((?:万|亿)?元)\s*[)）]\s*$")


def columns_of(declared: Declared) -> list[Column]:
    """A column for each field a file can hold; a field of type person has none."""
    return [_column(field) for field in declared if field["type"] in READABLE]


def given_of(declared: Declared) -> list[Given]:
    """What ``cells.read_cell`` is given of each of these fields."""
    return [_given(field) for field in declared if field["type"] in READABLE]


def unreadable(declared: Declared) -> list[Mapping[str, Any]]:
    """The required fields a file cannot hold: records of such a kind cannot be sent by file."""
    return [field for field in declared if field["required"] and field["type"] not in READABLE]


def told_apart(columns: Iterable[Column]) -> list[Column]:
    """The columns, where two have one header the later with its key behind it; English headers likewise."""
    seen: set[str] = set()
    apart = []
    for column in columns:
        changes = {}
        for language in ("zh", "en"):
            header = getattr(column, language)
            if squeezed(header) in seen:
                changes[language] = f"{header}-{column.key}"
        made = replace(column, **changes)  # type: ignore[arg-type]
        seen |= {squeezed(made.zh), squeezed(made.en)}
        apart.append(made)
    return apart


def written(field: Mapping[str, Any], value: Any) -> str:
    """A value as the text of a cell that is read as the same value; an organisation's and a county's as they are."""
    if value is None:
        return ""
    if field["type"] == YES_NO:
        return YES if value else NO
    if field["type"] == CHOICE:
        return next((one["name"]["zh-CN"] for one in field["choices"] if one["key"] == value), str(value))
    if field["type"] == MONEY:
        return _plain_number(Decimal(value) / 100 / (_factor(field["name"]["zh-CN"]) or 1))
    if isinstance(value, float):
        return _plain_number(Decimal(repr(value)))
    return str(value)


def _plain_number(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _column(field: Mapping[str, Any]) -> Column:
    zh, en, kind = field["name"]["zh-CN"], field["name"]["en"], field["type"]
    synonyms = [*field["synonyms"], field["key"]]
    if kind == MONEY:
        factor = _factor(zh)
        if factor is None:  # the header says what a number means
            zh, synonyms = f"{zh}（元）", [zh, *synonyms]
        synonyms = [one for one in synonyms if _factor(one) in (None, factor or 1)]
    allowed: tuple[str, ...] = ()
    if kind == CHOICE:
        allowed = tuple(one["name"]["zh-CN"] for one in field["choices"])
    elif kind == YES_NO:
        allowed = (YES, NO)
    return Column(
        f"{PREFIX}{field['key']}",
        zh,
        en,
        tuple(synonyms),
        is_required=field["required"],
        allowed=allowed,
        example=allowed[0] if allowed else _EXAMPLES[kind],
        is_day=kind in (DAY, MONTH),
    )


def _given(field: Mapping[str, Any]) -> Given:
    given = {name: field[name] for name in ("key", "type", "required")}
    if field["type"] == CHOICE:
        texts = [(text, one["key"]) for one in field["choices"] for text in (one["name"]["zh-CN"], one["name"]["en"])]
        keys = [(one["key"], one["key"]) for one in field["choices"]]
        # a key is never another's name
        given["texts"] = {one_word(plain(text)): key for text, key in [*reversed(texts), *keys]}
    if field["type"] == MONEY:
        given["factor"] = _factor(field["name"]["zh-CN"]) or 1
    return given


def _factor(header: str) -> int | None:
    """What a number below such a header is multiplied by to be yuan; None where it names no unit."""
    found = _UNIT.search(header)
    return YUAN[found[1]] if found else None
