"""A pack's tables as TOML: keys in the order given, short tables on one line, longer ones as sections.

Lives here: the text alone. The standard library reads TOML and does not write it; this writes what packs hold: texts, whole
numbers, true and false, days, lists and tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Longer tables become sections, longer lists one item a line.
WIDTH = 110


def toml(document: Mapping[str, Any]) -> str:
    """The document as text, read back equal (days as ``YYYY-MM-DD``; keys without a value are left out)."""
    return "\n".join(_lines(document, ())).strip() + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    given = {key: value for key, value in table.items() if value is not None}
    for key, value in given.items():
        if not _is_section(value):
            yield f"{_key(key)} = {_shown(value)}"
    for key, value in given.items():
        if not _is_section(value):
            continue
        name = ".".join(_key(part) for part in (*path, key))
        if isinstance(value, Mapping):
            yield from ("", f"[{name}]", *_lines(value, (*path, key)))
        else:
            for item in value:
                yield from ("", f"[[{name}]]", *_lines(item, (*path, key)))


def _is_section(value: Any) -> bool:
    """Whether a table, or a list of tables, is too long for one line each."""
    if isinstance(value, Mapping):
        return any(_is_section(one) or _has_tables(one) for one in value.values()) or len(_inline(value)) > WIDTH
    return _has_tables(value) and any(_is_section(item) for item in value)


def _has_tables(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, Mapping) for item in value)


def _shown(value: Any) -> str:
    line = _inline(value)
    if isinstance(value, list) and value and (_has_tables(value) or len(line) > WIDTH):
        return "[\n" + "".join(f"  {_inline(item)},\n" for item in value) + "]"
    return line


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping):
        pairs = (f"{_key(key)} = {_inline(one)}" for key, one in value.items() if one is not None)
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return (
        str(value)
        if _DAY.fullmatch(str(value))
        else json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    )


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)
