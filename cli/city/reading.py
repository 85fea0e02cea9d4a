"""Reading a pack: its folder as documents, each checked against its shape.

Lives here: which files a pack has, TOML, and every mistake of shape with the key and what to write instead. Not here: whether
what one file names stands in another (``checking``).
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from marshmallow import Schema, ValidationError, fields, validate

from cli.city import programme_schemas, schemas
from cli.city.mistakes import Mistake, Words, one_of
from contracts.language.schema import Bilingual, Day, violations

#: The files every pack has, and those it may have.
REQUIRED: dict[str, type[Schema]] = {schemas.CITY: schemas.City, schemas.DEPARTMENTS: schemas.Departments}
OPTIONAL: dict[str, type[Schema]] = {
    schemas.ORGANISATIONS: schemas.Organisations,
    schemas.MESSAGES: schemas.Messages,
}
_LINE = re.compile(r"\(at (line \d+), column \d+\)|\(at end of document\)")


@dataclass
class Pack:
    """A pack as it was read: file → its tables as JSON would hold them (days as text), and file → the same, loaded."""

    folder: Path
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    loaded: dict[str, dict[str, Any]] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def programmes(self) -> dict[str, dict[str, Any]]:
        """File → programme, of those whose shape holds, in the order of the report."""
        return {name: one for name, one in self.loaded.items() if "/" in name}

    def each(self, section: str, *, of: str | None = None) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """File, key path and table of every item of a section, over all programmes or of one file."""
        for name, document in ({of: self.loaded.get(of, {})} if of else self.programmes).items():
            for number, item in enumerate(document.get(section, ())):
                yield name, f"{section}[{number}]", item


def read(folder: Path) -> Pack:
    """The pack in `folder`, with every mistake of shape there is."""
    pack = Pack(folder)
    for name, schema in (REQUIRED | OPTIONAL).items():
        if (folder / name).is_file():
            _read(pack, name, schema)
        elif name in REQUIRED:
            wrong = Words("没有这个文件。", "This file is missing.")
            pack.mistakes.append(Mistake(name, "", wrong, Words("请新建。", "Add it.")))
    chapters = [one["key"] for one in pack.loaded.get(schemas.CITY, {}).get("chapters", ())]
    found = [*chapters, *sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name not in chapters)]
    for chapter in found:
        for path in sorted((folder / chapter).glob("*.toml")):
            _read(pack, f"{chapter}/{path.name}", programme_schemas.Programme)
    strangers = sorted(path.name for path in folder.glob("*.toml") if path.name not in REQUIRED | OPTIONAL)
    for name in strangers:
        wrong = Words("城市包不读这个文件。", "No pack has this file.")
        pack.mistakes.append(Mistake(name, "", wrong, one_of(name, REQUIRED | OPTIONAL)))
    return pack


def _read(pack: Pack, name: str, schema: type[Schema]) -> None:
    try:
        document = tomllib.loads((pack.folder / name).read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        wrong = Words("不是 UTF-8 文本。", "This is no UTF-8 text.")
        pack.mistakes.append(Mistake(name, "", wrong, Words("请另存为 UTF-8。", "Save it as UTF-8.")))
        return
    except tomllib.TOMLDecodeError as error:
        pack.mistakes.append(_syntax(name, str(error)))
        return
    pack.documents[name] = _as_json(document)
    made = schema()
    try:
        pack.loaded[name] = dict(made.load(pack.documents[name]))
    except ValidationError as error:
        pack.mistakes += [_mistake(name, made, violation) for violation in violations(error)]


def _syntax(name: str, message: str) -> Mistake:
    found = _LINE.search(message)
    where = (found.group(1) if found and found.group(1) else "the last line") if found else ""
    wrong = Words(f"TOML 语法有误：{message}", f"This is no TOML: {message}")
    return Mistake(name, where, wrong, Words("请改正该行。", "Mend that line."))


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_as_json(one) for one in value]
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value


def _mistake(name: str, schema: Schema, violation: Mapping[str, str]) -> Mistake:
    parts = [unquote(part).replace("~1", "/").replace("~0", "~") for part in violation["pointer"].split("/")[1:]]
    wrong = Words(violation["zh"], violation["en"])
    return Mistake(name, key_path(parts), wrong, _instead(schema, parts, violation["code"]))


def key_path(parts: list[str]) -> str:
    """``figures``, ``0``, ``unit`` as ``figures[0].unit``."""
    shown = ""
    for part in parts:
        shown += f"[{part}]" if part.isdigit() else f".{part}" if shown else part
    return shown


def _instead(schema: Schema, parts: list[str], code: str) -> Words:
    """What to write at a place: the nearest known key where the key is unknown, else what the field takes."""
    *way, last = parts or [""]
    at = _schema_at(schema, way)
    if code == "unknown_field" and at is not None:
        known = [field.data_key or key for key, field in at.fields.items()]
        near = difflib.get_close_matches(last, known, 1, 0.6)
        names = ", ".join(known)
        if near:
            return Words(f"是否应为 {near[0]}？此处可用：{names}。", f"Did you mean {near[0]}? Known here: {names}.")
        return Words(f"请删去；此处可用：{names}。", f"Remove it; known here: {names}.")
    found = _field_at(schema, parts)
    return Words("", "") if found is None else _taking(found, last)


def _taking(found: fields.Field[Any], name: str) -> Words:
    options = next((list(one.choices) for one in found.validators if isinstance(one, validate.OneOf)), None)
    if options is not None and len(options) <= 40:
        names = ", ".join(str(one) for one in options)
        return Words(f"可写：{names}。", f"Write one of: {names}.")
    zh, en = _form(found)
    key = f"{name} = " if not name.isdigit() else ""
    return Words(f"请写 {key}{zh}。", f"Write {key}{en}.")


def _form(found: fields.Field[Any]) -> tuple[str, str]:
    if isinstance(found, Day):
        return "2023-01-31（日期，不加引号）", "2023-01-31 (a day, without quotation marks)"
    if isinstance(found, fields.Boolean):
        return "true 或 false", "true or false"
    if isinstance(found, fields.Integer):
        return "整数", "a whole number"
    if isinstance(found, fields.List):
        return "[ … ]（列表）", "[ … ] (a list)"
    if isinstance(found, fields.Nested) and {"zh", "en"} <= set(found.schema.fields):
        return '{ zh = "…", en = "…" }', '{ zh = "…", en = "…" }'
    if isinstance(found, fields.Nested | fields.Dict):
        return "{ … }（表）", "{ … } (a table)"
    return '"…"（文本）', '"…" (a text)'


def _field_at(schema: Schema, parts: list[str]) -> fields.Field[Any] | None:
    if not parts:
        return None
    *way, last = parts
    if last.isdigit():
        listed = _field_at(schema, way)
        return listed.inner if isinstance(listed, fields.List) else None
    at = _schema_at(schema, way)
    names = {} if at is None else {field.data_key or key: field for key, field in at.fields.items()}
    return names.get(last)


def _schema_at(schema: Schema, parts: list[str]) -> Schema | None:
    if not parts:
        return schema
    found = _field_at(schema, parts)
    if isinstance(found, fields.List):
        found = found.inner
    return found.schema if isinstance(found, fields.Nested) and not isinstance(found.schema, Bilingual) else None
