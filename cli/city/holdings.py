"""What of a pack the platform takes today, in the shape of its API: organisations, sets, kinds of activities, schemes,
templates, the outline of the report, programmes with their figures.

Lives here: a pack's table as the API's body and the API's answer as a pack's table. Not here: programmes and the outline of
the report (``programmes``), requests (``governing``), order and differences (``comparing``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cli.city.reading import Pack
from cli.city.schemas import CITY, MESSAGES, ORGANISATIONS
from contracts.programmes import PROGRESS

ORGANISATION, SET, KIND, SCHEME, TEMPLATE = "organisation", "organisation_set", "activity_kind", "scheme", "template"
OUTLINE, PROGRAMME = "report_outline", "programme"
REGISTER, ROLE, FACT = "register_kind", "affiliation_role", "fact_kind"
#: Kind → path of one by its key, and of the list where the API has one.
PATHS = {
    SET: "/v1/organisation-sets",
    KIND: "/v1/activity-kinds",
    ROLE: "/v1/affiliation-roles",
    REGISTER: "/v1/register-kinds",
    FACT: "/v1/fact-kinds",
    SCHEME: "/v1/schemes",
    TEMPLATE: "/v1/templates",
    OUTLINE: "/v1/report-outlines",
    PROGRAMME: "/v1/programmes",
}
#: What the API lists whole.
LISTED = (KIND, ROLE, REGISTER, FACT, SCHEME, TEMPLATE, PROGRAMME)
_SCHEME = ("source", "from_on", "covers")
_TEMPLATE = ("event_type", "programme", "class", "channels", "enabled")

#: The name of a programme's file, beside its tables.
FILE = "file"

Table = dict[str, Any]


def tables(pack: Pack, what: str) -> dict[str, Table]:
    """Key → table of everything of one kind that a pack defines, as its files say it."""
    if what in (ORGANISATION, SET, TEMPLATE):
        name, section = {
            ORGANISATION: (ORGANISATIONS, "organisations"),
            SET: (ORGANISATIONS, "sets"),
            TEMPLATE: (MESSAGES, "templates"),
        }[what]
        return {one["key"]: one for one in pack.documents.get(name, {}).get(section, ())}
    if what == OUTLINE:
        return {PROGRESS: pack.documents[CITY]}
    if what == PROGRAMME:
        return {pack.documents[name]["key"]: {**pack.documents[name], FILE: name} for name in pack.programmes}
    section = {
        KIND: "activity_kinds",
        ROLE: "affiliation_roles",
        REGISTER: "registers",
        FACT: "fact_kinds",
        SCHEME: "schemes",
    }[what]
    return {
        one["key"]: {"programme": programme["key"].lower(), **one} if what in (REGISTER, ROLE, FACT) else one
        for name, programme in pack.programmes.items()
        for one in pack.documents[name].get(section, ())
    }


def bilingual(names: Mapping[str, str]) -> Table:
    """``{zh, en}`` as the API has it."""
    return {"zh-CN": names["zh"], "en": names["en"]}


def names(texts: Mapping[str, str]) -> Table:
    """The API's two languages as packs have them."""
    return {"zh": texts["zh-CN"], "en": texts["en"]}


def organisation(table: Mapping[str, Any]) -> Table:
    """An organisation's body; trusted departments only where the pack names them."""
    body = {
        "kind": table["kind"],
        "name": table["zh"],
        "name_en": table.get("en"),
        "attributes": {"invented": bool(table.get("invented", False))},
    }
    if table.get("uscc"):
        body["uscc"] = table["uscc"]
    if table.get("trusted_departments") is not None:
        body["trusted_departments"] = table["trusted_departments"]
    return body


def organisation_set(table: Mapping[str, Any]) -> Table:
    """A set's name, and its members by the pack's keys, in one order."""
    members = [(key, table["from_on"], None) for key in table.get("members", ())]
    members += [(one["organisation"], one["from_on"], one.get("until_on")) for one in table.get("dated_members", ())]
    return {"name": bilingual(table), "members": sorted(members, key=lambda one: (one[0], one[1]))}


def activity_kind(table: Mapping[str, Any]) -> Table:
    """A kind's body."""
    return {
        "name": bilingual(table),
        "programme": table["counts_under"],
        "is_confidential": bool(table.get("confidential", False)),
    }


def register_kind(table: Mapping[str, Any]) -> Table:
    """A register's body, with every value it leaves open."""
    return {
        "name": bilingual(table),
        "programme": table["programme"],
        "fields": [_declared(one) for one in table.get("fields", ())],
        "natural_key": table["natural_key"],
        "states": [{"key": one["key"], "name": bilingual(one)} for one in table["states"]],
        "parties": [{**_PARTY, **_renamed(one)} for one in table.get("parties", ())],
        "reporters": table["reporters"],
    }


def affiliation_role(table: Mapping[str, Any]) -> Table:
    """A role's body, with every value it leaves open."""
    fields = [_declared(one) for one in table.get("fields", ())]
    return {"name": bilingual(table), "programme": table["programme"], "fields": fields}


def fact_kind(table: Mapping[str, Any]) -> Table:
    """A kind of fact's body, with every value it leaves open."""
    return {
        "name": bilingual(table),
        "programme": table["programme"],
        "fields": [_declared(one) for one in table.get("fields", ())],
        "confirmed_by": table["confirmed_by"],
        "holds_months": table.get("holds_months"),
    }


_FIELD: Table = {"required": False, "synonyms": []}
_PARTY: Table = {"least": 1, "most": None, "may_be_new": False}


def _declared(table: Mapping[str, Any]) -> Table:
    return {**_FIELD, **_renamed(table), "choices": [_renamed(one) for one in table.get("choices", ())]}


def _renamed(table: Mapping[str, Any]) -> Table:
    """A table with its two names as the API has them."""
    return {**{name: value for name, value in table.items() if name not in ("zh", "en")}, "name": bilingual(table)}


def scheme(table: Mapping[str, Any]) -> Table:
    """A scheme's body, with every value it leaves open."""
    return {
        "name": bilingual(table["name"]),
        **{name: table[name] for name in _SCHEME},
        "until_on": table.get("until_on"),
        "relation": [{"until_on": None, **one} for one in table["relation"]],
        "clauses": [{**one, "message": bilingual(one["message"])} for one in table["clauses"]],
        "limit": {"assumption": False, **table["limit"]},
    }


def template(table: Mapping[str, Any]) -> Table:
    """A template's body, with every value it leaves open."""
    given = {"programme": None, "class": "normal", "enabled": True, **table}
    texts = {part: bilingual(table[part]) for part in ("subject", "body")}
    return {**{name: given[name] for name in _TEMPLATE}, **texts}


BODIES = {
    KIND: activity_kind,
    ROLE: affiliation_role,
    REGISTER: register_kind,
    FACT: fact_kind,
    SCHEME: scheme,
    TEMPLATE: template,
}


def kind_table(found: Mapping[str, Any], before: Mapping[str, Any]) -> Table:
    """A kind as a pack has it; what the platform does not hold is as it was."""
    table = {**before, "key": found["key"], **names(found["name"]), "counts_under": found["programme"]}
    return _with_flag(table, "confidential", found["is_confidential"])


def register_table(found: Mapping[str, Any], before: Mapping[str, Any]) -> Table:
    """A register as a pack has it; what a pack need not say is left out."""
    table = {**before, "key": found["key"], **names(found["name"])}
    if not before or "programme" in before:
        table["programme"] = found["programme"]
    table["natural_key"], table["reporters"] = found["natural_key"], found["reporters"]
    table["states"] = [_named_table(one, {}) for one in found["states"]]
    table["parties"] = [_named_table(one, _PARTY) for one in found["parties"]] or None
    table["fields"] = _field_tables(found["fields"])
    return _given(table)


def role_table(found: Mapping[str, Any], before: Mapping[str, Any]) -> Table:
    """A role as a pack has it; what a pack need not say is left out."""
    table = {**before, "key": found["key"], **names(found["name"])}
    if not before or "programme" in before:
        table["programme"] = found["programme"]
    table["fields"] = _field_tables(found["fields"])
    return _given(table)


def fact_table(found: Mapping[str, Any], before: Mapping[str, Any]) -> Table:
    """A kind of fact as a pack has it."""
    table = {**before, "key": found["key"], **names(found["name"])}
    if not before or "programme" in before:
        table["programme"] = found["programme"]
    table["confirmed_by"], table["holds_months"] = found["confirmed_by"], found["holds_months"]
    table["fields"] = _field_tables(found["fields"])
    return _given(table)


def _field_tables(found: Iterable[Mapping[str, Any]]) -> list[Table] | None:
    fields = [_named_table(one, _FIELD | {"choices": []}) for one in found]
    for one in fields:
        if "choices" in one:
            one["choices"] = [_named_table(choice, {}) for choice in one["choices"]]
    return fields or None


def _named_table(found: Mapping[str, Any], usual: Mapping[str, Any]) -> Table:
    """A part of a register, without what is as usual; its names after its key."""
    key, *rest = (name for name in found if name != "name")
    table = {key: found[key], **names(found["name"])}
    return table | {name: found[name] for name in rest if name not in usual or found[name] != usual[name]}


def scheme_table(found: Mapping[str, Any], before: Mapping[str, Any]) -> Table:
    """A scheme as a pack has it."""
    given = {"key": found["key"], "name": names(found["name"]), **{name: found[name] for name in _SCHEME}}
    given["until_on"] = found["until_on"]
    given["relation"] = [_given(one) for one in found["relation"]]
    given["limit"] = found["limit"]
    given["clauses"] = [{**one, "message": names(one["message"])} for one in found["clauses"]]
    return _given({**before, **given})


def template_table(found: Mapping[str, Any], before: Mapping[str, Any]) -> Table:
    """A template as a pack has it."""
    given = {"key": found["key"], **{name: found[name] for name in _TEMPLATE}}
    table = {**before, **given, "subject": names(found["subject"]), "body": names(found["body"])}
    return _given(table)


def organisation_table(found: Mapping[str, Any], before: Mapping[str, Any]) -> Table:
    """An organisation as a pack has it; its key is the pack's, or made of its credit code or id."""
    made = f"o{found['uscc'] or found['id']}".lower()
    table = {
        "key": made,
        **before,
        "kind": found["kind"],
        "zh": found["name"],
        "en": found["name_en"],
        "uscc": found["uscc"],
    }
    if not before or before.get("trusted_departments") is not None:
        table["trusted_departments"] = found["trusted_departments"]
    return _given(_with_flag(table, "invented", bool(found["attributes"].get("invented", False))))


def set_table(found: Mapping[str, Any], keys: Mapping[str, str], before: Mapping[str, Any]) -> Table:
    """A set as a pack has it; `keys` are those of its members by id."""
    members = [(keys[one["organisation_id"]], one["from_on"], one["until_on"]) for one in found["members"]]
    days = [from_on for _, from_on, _ in members]
    usual = before.get("from_on") or (max(days, key=days.count) if days else "2000-01-01")
    dated = [one for one in members if one[1:] != (usual, None)]
    table = {
        "source": "platform",
        "stated": None,
        **before,
        "key": found["key"],
        **names(found["name"]),
        "from_on": usual,
        "members": [key for key, *days_of in members if days_of == [usual, None]],
        "dated_members": _dated(dated),
    }
    return _given(table)


def _dated(members: Iterable[tuple[str, str, str | None]]) -> list[Table] | None:
    made = [_given(dict(zip(("organisation", "from_on", "until_on"), one, strict=True))) for one in members]
    return made or None


def _with_flag(table: Table, name: str, value: bool) -> Table:
    """The flag where it is true, or where the table has it already."""
    if value or name in table:
        table[name] = value
    return table


def _given(table: Mapping[str, Any]) -> Table:
    return {name: value for name, value in table.items() if value is not None}


TABLES = {
    KIND: kind_table,
    ROLE: role_table,
    REGISTER: register_table,
    FACT: fact_table,
    SCHEME: scheme_table,
    TEMPLATE: template_table,
}
