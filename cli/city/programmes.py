"""The outline of the city's report, and programmes with their figures: a pack's tables as the API's bodies, and back.

Not here: what else of a pack the platform takes (``holdings``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.city.holdings import FILE, Table, bilingual, names
from contracts.figures import FigureDefinition


def outline(table: Mapping[str, Any]) -> Table:
    """The outline of the city's report: its title, or the city's name, and its chapters."""
    chapters = [{"key": one["key"], "title": bilingual(one)} for one in table["chapters"]]
    return {"title": bilingual(table.get("report") or table["name"]), "chapters": chapters}


def programme(table: Mapping[str, Any]) -> Table:
    """A programme's body. Its chapter is its folder, its place the number in its key."""
    return {
        **{name: table[name] for name in ("status", "waits_for")},
        "departments": table.get("departments", []),
        "title": bilingual(table["title"]),
        "chapter": table[FILE].split("/")[0],
        "position": max(1, int(table["key"][1:])),
        "clause": {"section": table["clause"]["section"], "text": bilingual(table["clause"])},
        "parameters": [_named(one) for one in table.get("parameters", ())],
        "figures": [figure(one) for one in table.get("figures", ())],
    }


def figure(table: Mapping[str, Any]) -> Table:
    """A definition, with every value it leaves open."""
    note = {"note": bilingual(table["note"])} if table.get("note") else {}
    schema = FigureDefinition()
    return dict(schema.dump(schema.load(_named(table) | note)))


def _named(table: Mapping[str, Any]) -> Table:
    return {**{key: value for key, value in table.items() if key not in ("zh", "en")}, "name": bilingual(table)}


def programme_table(found: Mapping[str, Any], before: Mapping[str, Any]) -> Table:
    """A programme's file with what the platform holds of it; what it uses of the services stays as it was."""
    clause = {"section": found["clause"]["section"], **names(found["clause"]["text"])}
    given = {"title": names(found["title"]), "clause": clause}
    given |= {name: found[name] for name in ("status", "waits_for")}
    figures = [_figure_table(one) for one in found["figures"]]
    parameters = [_unnamed(one) for one in found["parameters"]]
    lists = {"departments": found["departments"], "parameters": parameters, "figures": figures}
    return {**before, **given, **{name: one for name, one in lists.items() if one or name in before}}


def _figure_table(definition: Mapping[str, Any]) -> Table:
    """A definition as a pack has it, without what it leaves open."""
    table = _unnamed(definition) | {"display": _told(definition["display"]), "of": _told(definition["of"])}
    if definition["note"]:
        table["note"] = names(definition["note"])
    return _told(table) | {"classifier": definition["classifier"]}


def _told(table: Mapping[str, Any]) -> Table:
    return {name: value for name, value in table.items() if value not in (None, [], {}, 0, "")}


def _unnamed(table: Mapping[str, Any]) -> Table:
    return {**{name: value for name, value in table.items() if name != "name"}, **names(table["name"])}
