"""Roles of affiliations (身份类别), as data: what a person may be to an organisation, and the fields a report of it carries.

Five roles every city has from the beginning. A role is never removed, and neither is a field: values of it are on record.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.store.versions import VersionStale
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from contracts.language.violations import Violation
from services.talent.affiliations.tables import AffiliationRole

#: Types of fields whose values cannot name a person: events carry them.
OPEN_TYPES = frozenset({"choice", "yes_no", "number", "day", "month", "county", "money"})


class AffiliationRoleNotFound(Refusal):
    """No role has this key."""

    kind = "not_found"
    code = "talent.affiliation_role_not_found"
    zh = "未找到该身份类别。"
    en = "There is no such role."


class AffiliationRoleInvalid(Refusal):
    """The fields break a rule; `errors` says which."""

    kind = "invalid"
    code = "talent.affiliation_role_invalid"
    zh = "身份类别不符合要求。"
    en = "The role is not valid."


class AffiliationRoleInUse(Refusal):
    """Values of fields are on record, so fields, their types and their choices stay; `errors` says which."""

    kind = "conflict"
    code = "talent.affiliation_role_in_use"
    zh = "已有的字段及其类型、选项不能删除或更改，只能增加。"
    en = "Fields there are, their types and their choices stay; only new ones can be added."


@dataclass(frozen=True, slots=True)
class Role:
    """A role; `declared` as in ``contracts.language.declared``."""

    key: str
    name: Mapping[str, str]
    programme: str | None
    declared: Sequence[Mapping[str, Any]]
    is_built_in: bool
    version: int

    def open_values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the values that cannot name a person."""
        keys = {field["key"] for field in self.declared if field["type"] in OPEN_TYPES}
        return {key: value for key, value in values.items() if key in keys}


_COLUMNS: tuple[Any, ...] = tuple(getattr(AffiliationRole, field.name) for field in dataclasses.fields(Role))


def find_roles(work: Work, keys: Collection[str]) -> dict[str, Role]:
    """The roles of these keys; keys of none are missing."""
    wanted = select(*_COLUMNS).where(AffiliationRole.key.in_(sorted(keys)))
    return {row.key: Role(**row._mapping) for row in work.session.execute(wanted)}


def all_roles(work: Work) -> list[Role]:
    """Every role, those of every city first."""
    order = (AffiliationRole.is_built_in.desc(), AffiliationRole.created_at, AffiliationRole.key)
    return [Role(**row._mapping) for row in work.session.execute(select(*_COLUMNS).order_by(*order))]


def put_affiliation_role(
    work: Work,
    *,
    key: str,
    version: int | None,
    name: Mapping[str, str],
    programme: str,
    declared: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Add a role, or replace one of `version`. Raises AffiliationRoleInvalid, AffiliationRoleInUse, VersionStale."""
    _refuse(AffiliationRoleInvalid, check_declared(declared))
    values: dict[str, Any] = {"name": name, "programme": programme, "declared": declared, "version": (version or 0) + 1}
    values["updated_at"] = work.now
    if version is None:
        new = {**values, "key": key, "is_built_in": False, "created_at": work.now}
        writing: Any = insert(AffiliationRole).values(new).on_conflict_do_nothing()
    else:
        before = find_roles(work, [key]).get(key)
        if before is None or before.version != version:
            raise VersionStale(current=before.version if before else 0)
        _refuse(AffiliationRoleInUse, check_change(before.declared, declared))
        same = update(AffiliationRole).where(AffiliationRole.key == key, AffiliationRole.version == version)
        writing = same.values(values)
    written = work.session.execute(writing.returning(*_COLUMNS)).one_or_none()
    if written is None:
        raise VersionStale(current=find_roles(work, [key])[key].version)
    work.record(
        "affiliation_role",
        key,
        from_state=f"version {version}" if version else None,
        to_state=f"version {written.version}",
    )
    return {**written._mapping, "created": version is None}


def get_affiliation_role(work: Work, *, key: str) -> dict[str, Any]:
    """One role. Raises AffiliationRoleNotFound."""
    role = find_roles(work, [key]).get(key)
    if role is None:
        raise AffiliationRoleNotFound()
    return dataclasses.asdict(role)


def list_affiliation_roles(work: Work) -> dict[str, Any]:
    """Every role, those of every city first."""
    return {"items": [dataclasses.asdict(role) for role in all_roles(work)]}


def check_declared(declared: Sequence[Mapping[str, Any]]) -> list[Violation]:
    """Everything wrong with fields by themselves; their shape has been read by the schema."""
    found = _repeated("fields", [field["key"] for field in declared])
    for number, field in enumerate(declared):
        found += _repeated(f"fields/{number}/choices", [choice["key"] for choice in field["choices"]])
    return found


def _repeated(path: str, keys: Sequence[str]) -> list[Violation]:
    return [
        Violation(f"{path}/{number}/key", "repeated", "键重复。", "The key stands there twice.")
        for number, key in enumerate(keys)
        if key in keys[:number]
    ]


def check_change(before: Sequence[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> list[Violation]:
    """What of the fields there were is gone or of another type."""
    kept = {field["key"]: field for field in after}
    found = []
    for field in before:
        now = kept.get(field["key"])
        if now is None or now["type"] != field["type"]:
            zh, en = f"字段 {field['key']} 及其类型不能更改。", f"The field {field['key']} and its type stay."
            found.append(Violation("fields", "field_fixed", zh, en))
            continue
        gone = {choice["key"] for choice in field["choices"]} - {choice["key"] for choice in now["choices"]}
        if gone:
            zh, en = f"字段 {field['key']} 的选项不能删除。", f"The choices of the field {field['key']} stay."
            found.append(Violation("fields", "choice_fixed", zh, en))
    return found


def _refuse(refusal: type[Refusal], violations: Sequence[Violation]) -> None:
    if violations:
        raise refusal(errors=[violation.to_error() for violation in violations])
