"""Kinds of registers (台账类别), as data: what an entry is known by, carries and goes through, and who may report it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from chassis.store.versions import VersionStale
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.talent.registers import reports
from services.talent.registers import statements as rows
from services.talent.registers.rules import Kind
from services.talent.registers.rules.kinds import Used, check_change, check_kind
from services.talent.registers.stored_kinds import COLUMNS, all_kinds, find_kind
from services.talent.registers.tables import RegisterKind

__all__ = ["Kind", "all_kinds", "get_kind"]

MADE_AGAIN_AT_ONCE = 500

_USED = text(
    """
    select exists (select 1 from register_entries where kind_key = :key) as has_entries,
        array(
            select f.key from unnest(cast(:fields as text[])) as f (key) where exists (
                select 1 from register_entries e join register_reports r on r.entry_id = e.id
                where e.kind_key = :key and r.fields ? f.key
            )
        ) as fields
    """
)
_REPORTED_TWICE = text(
    """
    select e.id from register_entries e where e.kind_key = :key and e.id > cast(:after as uuid)
        and (select count(*) from register_reports r where r.entry_id = e.id) > 1
    order by e.id limit :limit
    """
)
_BEFORE_ALL = UUID(int=0)


class RegisterKindNotFound(Refusal):
    """No kind of register has this key."""

    kind = "not_found"
    code = "talent.register_kind_not_found"
    zh = "未找到该台账类别。"
    en = "There is no such kind of register."


class RegisterKindInvalid(Refusal):
    """The kind contradicts itself; `errors` says where."""

    kind = "invalid"
    code = "talent.register_kind_invalid"
    zh = "台账类别不符合要求。"
    en = "The kind of register is not valid."


class RegisterKindInUse(Refusal):
    """Entries hold fast what the new version would change; `errors` says what."""

    kind = "conflict"
    code = "talent.register_kind_in_use"
    zh = "该台账已有记录，识别依据、状态与已有数据的字段类型不能更改；请另建类别。"
    en = "The register has entries: what they are known by, states, and types of fields in use stay. Add another kind."


def put_register_kind(
    work: Work,
    *,
    key: str,
    version: int | None,
    **content: Any,
) -> dict[str, Any]:
    """Add a kind, or replace one of `version`. With another order of reporters, each record is made again of its reports.

    Raises RegisterKindInvalid, RegisterKindInUse, VersionStale.
    """
    wanted = Kind(key=key, version=(version or 0) + 1, **content)
    _refuse(RegisterKindInvalid, check_kind(wanted))
    if version is None:
        _insert(work, wanted)
    else:
        _replace(work, wanted)
    before = f"version {version}" if version else None
    work.record("register_kind", key, from_state=before, to_state=f"version {wanted.version}")
    return {**_as_record(wanted), "created": version is None}


def _insert(work: Work, wanted: Kind) -> None:
    values = {**_as_record(wanted), "created_at": work.now, "updated_at": work.now}
    writing = insert(RegisterKind).values(values).on_conflict_do_nothing().returning(RegisterKind.version)
    if work.session.execute(writing).scalar() is None:
        raise VersionStale(current=get_kind(work, wanted.key).version)


def _replace(work: Work, wanted: Kind) -> None:
    """The row is locked first: whoever reports an entry of the kind holds it still until then, or waits until it is written."""
    locked = select(*COLUMNS).where(RegisterKind.key == wanted.key).with_for_update()
    row = work.session.execute(locked).one_or_none()
    if row is None or row.version != wanted.version - 1:
        raise VersionStale(current=row.version if row else 0)
    before = Kind(**row._mapping)
    fields = {"key": wanted.key, "fields": [field["key"] for field in before.declared]}
    used = work.session.connection().execute(_USED, fields).one()
    _refuse(RegisterKindInUse, check_change(before, wanted, Used(used.has_entries, used.fields)))
    values = {**_as_record(wanted), "updated_at": work.now}
    work.session.execute(update(RegisterKind).where(RegisterKind.key == wanted.key).values(values))
    if used.has_entries and list(before.reporters) != list(wanted.reporters):
        _make_again(work, wanted)


def _make_again(work: Work, kind: Kind) -> None:
    """Only of an entry that several have reported does the order of the reporters change anything."""
    after, limit = _BEFORE_ALL, MADE_AGAIN_AT_ONCE
    while True:
        found = {"key": kind.key, "after": str(after), "limit": limit}
        ids: Sequence[UUID] = work.session.connection().execute(_REPORTED_TWICE, found).scalars().all()
        known = rows.lock_ids(work, ids).values()
        changes = [(entry, reports.remade(entry, kind, {})) for entry in known]
        reports.write_changes(work, [(old, new) for old, new in changes if new.version != old.version])
        if len(ids) < limit:
            return
        after = ids[-1]


def _refuse(refusal: type[Refusal], violations: Collection[Any]) -> None:
    if violations:
        raise refusal(errors=[violation.to_error() for violation in violations])


def get_register_kind(work: Work, *, key: str) -> dict[str, Any]:
    """One kind. Raises RegisterKindNotFound."""
    return _as_record(get_kind(work, key))


def list_register_kinds(work: Work) -> dict[str, Any]:
    """Every kind, by key."""
    return {"items": [_as_record(kind) for kind in all_kinds(work)]}


def get_kind(work: Work, key: str) -> Kind:
    """One kind. Raises RegisterKindNotFound."""
    kind = find_kind(work, key)
    if kind is None:
        raise RegisterKindNotFound()
    return kind


def _as_record(kind: Kind) -> dict[str, Any]:
    return {field.name: _plain(getattr(kind, field.name)) for field in dataclasses.fields(kind)}


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
