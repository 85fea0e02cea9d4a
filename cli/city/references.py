"""What a programme's file names: departments, sets, what other files define, and what its figures count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.city.mistakes import Mistake, Words, twice, unknown
from cli.city.programme_schemas import STATES
from cli.city.reading import Pack
from cli.city.schemas import DEPARTMENTS, MESSAGES, ORGANISATIONS

_DEPARTMENT = Words("部门", "department")
#: What a figure counts → the sections that define its kinds.
_COUNTED = {
    "registers": ("registers",),
    "affiliations": ("affiliation_roles",),
    "activities": ("activity_kinds",),
    "matchmaking": ("activity_kinds",),
    "candidacies": ("post_kinds",),
    "posts": ("post_kinds",),
    "schemes": ("schemes", "planned_schemes"),
    "ledgers": ("ledgers",),
    "parameters": ("parameters",),
}
#: What an application leads to → the sections that define it.
_RESULTS = {
    "title": ("title_kinds",),
    "register_entry": ("registers",),
    "affiliation": ("affiliation_roles",),
    "fact": ("fact_kinds",),
    "entitlement": ("schemes", "planned_schemes"),
    "stay": ("stays",),
    "payments": ("ledgers",),
}
_WORDS = {
    "registers": Words("台账", "register"),
    "affiliation_roles": Words("身份", "role of an affiliation"),
    "activity_kinds": Words("活动类别", "kind of activity"),
    "post_kinds": Words("岗位类别", "kind of post"),
    "matters": Words("事项", "matter"),
    "schemes": Words("政策", "scheme"),
    "fact_kinds": Words("事实类别", "kind of fact"),
    "title_kinds": Words("称号", "title"),
    "stays": Words("驿站", "stay"),
    "ledgers": Words("资金台账", "ledger"),
    "parameters": Words("参数", "parameter"),
    "sets": Words("单位集合", "set of organisations"),
    "templates": Words("消息模板", "message template"),
}


def mistakes(pack: Pack) -> Iterator[Mistake]:
    """Every name in a programme's file, or in a list of trusted departments, that nobody defines."""
    departments = {one["key"] for one in pack.loaded.get(DEPARTMENTS, {}).get("departments", ())}
    for number, one in enumerate(pack.loaded.get(ORGANISATIONS, {}).get("organisations", ())):
        for index, key in enumerate(one["trusted_departments"] or ()):
            if key not in departments:
                path = f"organisations[{number}].trusted_departments[{index}]"
                yield unknown(ORGANISATIONS, path, key, _DEPARTMENT, departments)
    defined = _defined(pack)
    for name, programme in pack.programmes.items():
        for path, key in _departments_of(programme):
            if key not in departments:
                yield unknown(name, path, key, _DEPARTMENT, departments)
        yield from _of_uses(name, programme, defined)
        yield from _of_matters(name, programme, defined)
        yield from _of_schemes(name, programme, defined)
        yield from _of_registers(name, programme)
    yield from _of_figures(pack, defined, departments)


def _defined(pack: Pack) -> dict[str, set[str]]:
    found = {section: {item["key"] for _, _, item in pack.each(section)} for section in (*_WORDS, "planned_schemes")}
    found["sets"] = {item["key"] for _, _, item in pack.each("sets", of=ORGANISATIONS)}
    found["templates"] = {item["key"] for _, _, item in pack.each("templates", of=MESSAGES)}
    return found


def _departments_of(programme: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for number, one in enumerate(programme["departments"]):
        yield f"departments[{number}].key", one["key"]
    for section, part in (("registers", "reporters"), ("fact_kinds", "confirmed_by"), ("figures", "reported_by")):
        for number, one in enumerate(programme[section]):
            for index, key in enumerate(one[part]):
                yield f"{section}[{number}].{part}[{index}]", key
    for number, one in enumerate(programme["matters"]):
        yield f"matters[{number}].accepted_by", one["accepted_by"]


def _of_uses(name: str, programme: Mapping[str, Any], defined: Mapping[str, set[str]]) -> Iterator[Mistake]:
    for section, keys in programme["uses"].items():
        known = defined[section] | (defined["planned_schemes"] if section == "schemes" else set())
        for index, key in enumerate(keys):
            if key not in known:
                yield unknown(name, f"uses.{section}[{index}]", key, _WORDS[section], known)


def _of_matters(name: str, programme: Mapping[str, Any], defined: Mapping[str, set[str]]) -> Iterator[Mistake]:
    for number, matter in enumerate(programme["matters"]):
        if matter["result"] is None:
            continue
        sections = _RESULTS[matter["result"]["kind"]]
        known = {key for section in sections for key in defined[section]}
        for index, key in enumerate(matter["result"]["of"]):
            if key not in known:
                yield unknown(name, f"matters[{number}].result.of[{index}]", key, _WORDS[sections[0]], known)


def _of_schemes(name: str, programme: Mapping[str, Any], defined: Mapping[str, set[str]]) -> Iterator[Mistake]:
    for number, scheme in enumerate(programme["schemes"]):
        for index, relation in enumerate(scheme["relation"]):
            for part in ("place_set", "institution_set"):
                if relation[part] not in defined["sets"]:
                    path = f"schemes[{number}].relation[{index}].{part}_key"
                    yield unknown(name, path, relation[part], _WORDS["sets"], defined["sets"])


#: What no field and no role of a register is called: every register has these columns.
_FIXED = ("title", "county", "parties", "fields", *(f"{state}_on" for state in STATES))


def _of_registers(name: str, programme: Mapping[str, Any]) -> Iterator[Mistake]:
    for number, register in enumerate(programme["registers"]):
        yield from _of_names(name, f"registers[{number}]", register)
        own = {one["key"] for one in register["declared"]} | {one["role"] for one in register["parties"]}
        for index, key in enumerate(register["natural_key"]):
            if key not in own | {"title"}:
                path, what = f"registers[{number}].natural_key[{index}]", Words("字段或参与方", "field or party")
                yield unknown(name, path, key, what, own | {"title"})


def _of_names(name: str, path: str, register: Mapping[str, Any]) -> Iterator[Mistake]:
    """A role or a field called as another, or as a fixed column; a person who is no party."""
    seen = dict.fromkeys(_FIXED, "title … ended_on")
    named = [(f"{path}.parties[{index}].role", one["role"]) for index, one in enumerate(register["parties"])]
    named += [(f"{path}.fields[{index}].key", one["key"]) for index, one in enumerate(register["declared"])]
    for where, key in named:
        if key in seen:
            yield twice(name, where, key, seen[key])
        seen.setdefault(key, where)
    for index, one in enumerate(register["declared"]):
        if one["type"] == "person":
            wrong = Words("台账中的人员须列为参与方。", "A person stands in a register as a party.")
            instead = Words('请写入 parties，of = ["person"]。', 'Write a party with of = ["person"].')
            yield Mistake(name, f"{path}.fields[{index}].type", wrong, instead)


def _of_figures(pack: Pack, defined: Mapping[str, set[str]], departments: set[str]) -> Iterator[Mistake]:
    figures = {item["key"] for _, _, item in pack.each("figures")}
    programmes = {one["key"] for one in pack.programmes.values()}
    parts = _parts(pack)
    for name, path, figure in pack.each("figures"):
        of = figure["of"]
        sections = _COUNTED.get(of["mechanism"], ())
        known = {key for section in sections for key in defined[section]} if sections else defined["sets"]
        for index, key in enumerate(of["kinds"]):
            if key not in known:
                what = _WORDS[sections[0]] if sections else _WORDS["sets"]
                yield unknown(name, f"{path}.of.kinds[{index}]", key, what, known)
        yield from _of_parts(name, f"{path}.of", of, parts)
        if of["programme"] is not None and of["programme"] not in programmes:
            yield unknown(name, f"{path}.of.programme", of["programme"], Words("项目", "programme"), programmes)
        for part in ("same_records_as", "within"):
            if figure[part] is not None and figure[part] not in figures:
                yield unknown(name, f"{path}.{part}", figure[part], Words("指标", "figure"), figures)
        named = {
            "reported_by": (departments, _DEPARTMENT),
            "organisation_in": (defined["registers"], _WORDS["registers"]),
        }
        for part, (known, what) in named.items():
            if (key := of["where"].get(part)) is not None and key not in known:
                yield unknown(name, f"{path}.of.where.{part}", str(key), what, known)


_ROLE, _STATE, _FIELD = Words("参与方角色", "role of a party"), Words("状态", "state"), Words("字段", "field")
#: What any record can be narrowed by, besides its fields: its reporter, and the register its organisation is in.
_ANYWHERE = {"reported_by", "organisation_in"}


def _parts(pack: Pack) -> dict[tuple[str, str], dict[str, set[str]]]:
    """Mechanism and kind → the roles, states and fields it declares."""
    found = {}
    carried = {"registers": "registers", "activity_kinds": "activities", "affiliation_roles": "affiliations"}
    for section, mechanism in carried.items():
        for _, _, item in pack.each(section):
            found[mechanism, item["key"]] = {
                "role": {party["role"] for party in item.get("parties", ())},
                "states": {state["key"] for state in item.get("states", ())},
                "field": {one["key"] for one in item["declared"]},
            }
    return found


def _of_parts(
    name: str, path: str, of: Mapping[str, Any], parts: Mapping[tuple[str, str], Mapping[str, set[str]]]
) -> Iterator[Mistake]:
    """Roles, states and fields that a figure counts by and no kind of its own declares."""
    kinds = [parts[of["mechanism"], key] for key in of["kinds"] if (of["mechanism"], key) in parts]
    if not kinds:
        return
    named = [("role", of["role"], _ROLE), ("field", of["field"], _FIELD)]
    if of["mechanism"] == "registers":
        named += [("states", state, _STATE) for state in of["states"]]
    for part, value, what in named:
        known = {one for kind in kinds for one in kind[part]}
        if value is not None and value not in known:
            yield unknown(name, f"{path}.{part}", value, what, known)
    declared = {one for kind in kinds for one in kind["field"]} | _ANYWHERE
    for key in of["where"]:
        if key not in declared:
            yield unknown(name, f"{path}.where.{key}", key, _FIELD, declared)
