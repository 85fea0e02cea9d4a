"""What the platform holds, as a pack.

With a pack to go by, that pack's files with everything the platform holds as it stands there. Without one, a pack of its own: the
platform keeps no name of the city and no calendar, and what a programme counts only its pack defines, so these are left out.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from cli.city import holdings, programmes
from cli.city.comparing import find_organisation
from cli.city.governing import Governing
from cli.city.holdings import FACT, KIND, ORGANISATION, OUTLINE, PATHS, PROGRAMME, REGISTER, ROLE, SCHEME, SET, TEMPLATE
from cli.city.reading import Pack
from cli.city.schemas import CITY, DEPARTMENTS, MESSAGES, ORGANISATIONS
from cli.exits import Refused
from cli.language import say
from contracts.programmes import PROGRESS

Documents = dict[str, dict[str, Any]]
_ALONE = "platform/p00-platform.toml"
_SECTIONS = {
    KIND: "activity_kinds",
    ROLE: "affiliation_roles",
    REGISTER: "registers",
    FACT: "fact_kinds",
    SCHEME: "schemes",
    TEMPLATE: "templates",
}
_OF_PROGRAMMES = (KIND, ROLE, REGISTER, FACT, SCHEME)


def by_pack(api: Governing, pack: Pack) -> Documents:
    """The files of `pack` with what the platform holds. Raises Refused where it lacks something of the pack."""
    documents = copy.deepcopy(pack.documents)
    missing: list[str] = []
    registered: dict[str, dict[str, Any]] = {}
    for key, table in holdings.tables(pack, ORGANISATION).items():
        found = find_organisation(api, holdings.organisation(table))
        if found is None:
            missing.append(f"{ORGANISATION} {key}")
        else:
            registered[found["id"]] = holdings.organisation_table(found, table)
    sets = []
    for key, table in holdings.tables(pack, SET).items():
        held = api.held(f"{PATHS[SET]}/{key}")
        if held is None:
            missing.append(f"{SET} {key}")
        else:
            sets.append(holdings.set_table(held.content, _keys(api, held.content, registered), table))
    documents[ORGANISATIONS] = {"organisations": list(registered.values()), "sets": sets}
    for what, section in _SECTIONS.items():
        held_by_key = {one["key"]: one for one in api.get(PATHS[what])["items"]}
        for document in documents.values():
            for number, table in enumerate(document.get(section, ())):
                if table["key"] in held_by_key:
                    document[section][number] = holdings.TABLES[what](held_by_key[table["key"]], table)
                else:
                    missing.append(f"{what} {table['key']}")
    missing += _programmes(api, pack, documents)
    if missing:
        raise Refused(say("The platform lacks {names}; apply the pack first.", names=", ".join(missing)), "not_applied")
    return documents


def _programmes(api: Governing, pack: Pack, documents: Documents) -> list[str]:
    """Put the outline and the programmes that the platform holds into `documents`; returns what it lacks."""
    held = {one["key"]: one for one in api.get(PATHS[PROGRAMME])["items"]}
    outline = api.held(f"{PATHS[OUTLINE]}/{PROGRESS}")
    missing = [] if outline else [f"{OUTLINE} {PROGRESS}"]
    if outline:
        chapters = [{"key": one["key"], **holdings.names(one["title"])} for one in outline.content["chapters"]]
        documents[CITY] |= {"report": holdings.names(outline.content["title"]), "chapters": chapters}
    for name in pack.programmes:
        key = documents[name]["key"]
        if key in held:
            documents[name] = programmes.programme_table(held[key], documents[name])
        else:
            missing.append(f"{PROGRAMME} {key}")
    return missing


def alone(api: Governing) -> Documents:
    """A pack of what the platform lists: kinds, schemes, templates, the sets those schemes name, and their members."""
    found = {what: api.get(PATHS[what])["items"] for what in _SECTIONS}
    keys = {
        relation[part]
        for one in found[SCHEME]
        for relation in one["relation"]
        for part in ("place_set_key", "institution_set_key")
    }
    registered: dict[str, dict[str, Any]] = {}
    held = [one for key in sorted(keys) if (one := api.held(f"{PATHS[SET]}/{key}")) is not None]
    sets = [holdings.set_table(one.content, _keys(api, one.content, registered), {}) for one in held]
    schemes = [one for one in found[SCHEME] if _sets_of(one) <= {one["key"] for one in sets}]
    trusted = {key for one in registered.values() for key in one.get("trusted_departments", ())} or {"platform"}
    trusted |= {key for one in found[REGISTER] for key in one["reporters"]}
    trusted |= {key for one in found[FACT] for key in one["confirmed_by"]}
    return {
        CITY: {
            "key": "exported",
            "name": {"zh": "平台导出", "en": "Exported"},
            "time_zone": "Asia/Shanghai",
            "division": "100000",
            "chapters": [{"key": "platform", "zh": "平台现有内容", "en": "On the platform"}],
            "calendar": {"weekend": ["saturday", "sunday"]},
        },
        DEPARTMENTS: _departments(trusted),
        ORGANISATIONS: {"organisations": list(registered.values()), "sets": sets},
        MESSAGES: {"templates": [holdings.template_table(one, {}) for one in found[TEMPLATE]]},
        _ALONE: _programme({**found, SCHEME: schemes, ROLE: [one for one in found[ROLE] if one["programme"]]}),
    }


def _programme(found: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, Any]:
    sections = {_SECTIONS[what]: [holdings.TABLES[what](one, {}) for one in found[what]] for what in _OF_PROGRAMMES}
    return {
        "key": "P00",
        "title": {"zh": "平台现有内容", "en": "On the platform"},
        "status": "running",
        "waits_for": [],
        "clause": {"section": "0", "zh": "由平台导出。", "en": "Exported from the platform."},
        **sections,
    }


def _departments(keys: Iterable[str]) -> dict[str, Any]:
    listed = [{"key": key, "zh": key, "en": key, "kind": "bureau", "scopes": []} for key in sorted(keys)]
    return {"departments": listed}


def _sets_of(scheme: Mapping[str, Any]) -> set[str]:
    return {relation[part] for relation in scheme["relation"] for part in ("place_set_key", "institution_set_key")}


def _keys(api: Governing, found: Mapping[str, Any], registered: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Id → key of a set's members; those not read yet are read and added to `registered`."""
    for member in found["members"]:
        identity = member["organisation_id"]
        if identity not in registered:
            registered[identity] = holdings.organisation_table(api.get(f"/v1/organisations/{identity}"), {})
    return {identity: table["key"] for identity, table in registered.items()}
