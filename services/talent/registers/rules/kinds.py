"""The law of kinds of registers: what a kind must be by itself, and what of it entries hold fast."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.language.violations import Violation
from services.talent.registers.rules import EXPIRES_ON, PERSON, RESERVED, TITLE, Kind


@dataclass(frozen=True, slots=True)
class Used:
    """What entries of a kind use: whether there are any, and the keys of fields that have values."""

    has_entries: bool
    fields: Collection[str] = ()


def check_kind(kind: Kind) -> list[Violation]:
    """Everything wrong with a kind by itself; its shape has been read by the schema."""
    return [
        *_check_names(kind),
        *_check_natural_key(kind),
        *_check_fields(kind),
        *_check_parties(kind),
        *_repeated("states", "key", [state["key"] for state in kind.states]),
        *_repeated("reporters", None, kind.reporters),
    ]


def _check_names(kind: Kind) -> Iterable[Violation]:
    """Fields and roles share one set of names: the natural key names either, and so does the header of a file."""
    taken = set(RESERVED)
    named = [(f"parties/{n}/role", role["role"]) for n, role in enumerate(kind.parties)]
    named += [(f"fields/{n}/key", field["key"]) for n, field in enumerate(kind.declared)]
    for path, name in named:
        if name in taken:
            zh, en = "与另一字段、参与方或固定列同名。", "A field, a role or a fixed column has this name already."
            yield Violation(path, "name_taken", zh, en)
        taken.add(name)


def _check_natural_key(kind: Kind) -> Iterable[Violation]:
    known = {TITLE, *(role["role"] for role in kind.parties), *(field["key"] for field in kind.declared)}
    for number, name in enumerate(kind.natural_key):
        if name not in known:
            zh, en = "应为 title、参与方或字段。", "Must be title, a role or a field."
            yield Violation(f"natural_key/{number}", "natural_key_unknown", zh, en)
    yield from _repeated("natural_key", None, kind.natural_key)


def _check_fields(kind: Kind) -> Iterable[Violation]:
    for number, field in enumerate(kind.declared):
        if field["type"] == PERSON:
            zh, en = "台账中的人员须列为参与方。", "A person stands in a register as a party."
            yield Violation(f"fields/{number}/type", "person_is_a_party", zh, en)
        if field["key"] == EXPIRES_ON and field["type"] != "day":
            yield Violation(f"fields/{number}/type", "expires_on_is_a_day", "应为 day。", "Must be of type day.")
        yield from _repeated(f"fields/{number}/choices", "key", [choice["key"] for choice in field["choices"]])


def _check_parties(kind: Kind) -> Iterable[Violation]:
    for number, role in enumerate(kind.parties):
        if role["most"] is not None and role["most"] < role["least"]:
            zh, en = "不能小于 least。", "Must not be less than `least`."
            yield Violation(f"parties/{number}/most", "most_below_least", zh, en)


def _repeated(path: str, part: str | None, keys: Sequence[str]) -> Iterable[Violation]:
    for number, key in enumerate(keys):
        if key in keys[:number]:
            field = f"{path}/{number}/{part}" if part else f"{path}/{number}"
            yield Violation(field, "repeated", "重复。", "Stands there twice.")


def check_change(before: Kind, after: Kind, used: Used) -> list[Violation]:
    """What entries of `before` hold fast and `after` would change."""
    if not used.has_entries:
        return []
    found = []
    if list(after.natural_key) != list(before.natural_key) or _compared(after) != _compared(before):
        zh, en = "已有记录，识别依据不能更改。", "There are entries; what they are known by stays."
        found.append(Violation("natural_key", "natural_key_stays", zh, en))
    states = {state["key"] for state in after.states}
    if not {state["key"] for state in before.states} <= states:
        zh, en = "已有记录，状态只能增加或改名。", "There are entries; states may be added and renamed."
        found.append(Violation("states", "states_stay", zh, en))
    if before.is_personal and not after.is_personal:
        zh, en = "已有记录涉及人员，参与方须保留人员。", "Entries have persons; a role for persons stays."
        found.append(Violation("parties", "persons_stay", zh, en))
    types = {field["key"]: field["type"] for field in after.declared}
    for field in before.declared:
        if field["key"] in used.fields and types.get(field["key"]) != field["type"]:
            zh, en = f"字段 {field['key']} 已有数据，其类型不能更改。", f"Entries use {field['key']}; its type stays."
            found.append(Violation("fields", "field_stays", zh, en))
    return found


def _compared(kind: Kind) -> Mapping[str, Any]:
    """The types of fields the kind's entries are known by."""
    return {field["key"]: field["type"] for field in kind.declared if field["key"] in kind.natural_key}
