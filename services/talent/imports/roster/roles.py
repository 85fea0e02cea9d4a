"""What the city's roles add to rosters: the texts of the column 身份, and a column for each field that a role declares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chassis.declared import columns as declared_columns
from chassis.imports.kinds import Column, ImportKind
from chassis.store.work import Work
from services.talent.affiliations.roles import Role, all_roles
from services.talent.imports.roster.columns import COLUMNS

_SAME = ("key", "name", "type", "choices")


def completed(work: Work, kind: ImportKind) -> ImportKind:
    """The roster with the city's roles and their fields."""
    roles = all_roles(work)
    found = _fields_of(roles)
    columns = [_with_names(column, roles) if column.key == "role" else column for column in COLUMNS]
    return replace(kind, columns=declared_columns.told_apart([*columns, *_columns(found)]), given=given_of(roles))


def given_of(roles: Sequence[Role]) -> dict[str, Any]:
    """What ``rows.read_row`` is given of the roles, as JSON."""
    texts = {text: role.key for role in roles for text in (role.key, role.name["zh-CN"], role.name["en"])}
    fields = []
    for column, field, of in _fields_of(roles):
        for given in declared_columns.given_of([field]):
            by = [
                role.key for role in of if any(one["key"] == field["key"] and one["required"] for one in role.declared)
            ]
            fields.append({**given, "column": column, "roles": [role.key for role in of], "required_by": by})
    return {"roles": texts, "fields": fields}


def names_of(roles: Sequence[Role]) -> dict[str, str]:
    """The Chinese names of what a violation of a field may point at."""
    return {f"{declared_columns.PREFIX}{field['key']}": field["name"]["zh-CN"] for _, field, _ in _fields_of(roles)}


def _with_names(column: Column, roles: Sequence[Role]) -> Column:
    names = [role.name["zh-CN"] for role in roles]
    return replace(column, allowed=tuple(dict.fromkeys([*column.allowed, *names])))


def _fields_of(roles: Sequence[Role]) -> list[tuple[str, Any, list[Role]]]:
    """The key of a column, its field, and the roles that declare it alike; of two that differ each has a column."""
    found: list[tuple[str, Any, list[Role]]] = []
    for role in roles:
        for field in role.declared:
            alike = [of for _, one, of in found if all(one[name] == field[name] for name in _SAME)]
            if alike:
                alike[0].append(role)
                continue
            is_taken = any(one["key"] == field["key"] for _, one, _ in found)
            name = f"{role.key}.{field['key']}" if is_taken else field["key"]
            found.append((f"{declared_columns.PREFIX}{name}", field, [role]))
    return found


def _columns(fields: Sequence[tuple[str, Any, list[Role]]]) -> list[Column]:
    return [
        replace(made, key=column, is_required=False)
        for column, field, _ in fields
        for made in declared_columns.columns_of([field])
    ]
