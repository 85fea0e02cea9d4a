"""Kinds of facts (事实类别), as data: what a fact carries, which departments confirm it, and how long one holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from chassis.store.versions import VersionStale
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.talent.facts.rules import Kind, check_change, check_kind
from services.talent.facts.tables import FactKind

COLUMNS: tuple[Any, ...] = tuple(getattr(FactKind, field.name) for field in dataclasses.fields(Kind))
_USED = text(
    """
    select f.key from unnest(cast(:fields as text[])) as f (key)
    where exists (select 1 from facts where kind_key = :key and fields ? f.key)
    """
)


class FactKindNotFound(Refusal):
    """No kind of fact has this key."""

    kind = "not_found"
    code = "talent.fact_kind_not_found"
    zh = "未找到该事实类别。"
    en = "There is no such kind of fact."


class FactKindInvalid(Refusal):
    """The kind contradicts itself; `errors` says where."""

    kind = "invalid"
    code = "talent.fact_kind_invalid"
    zh = "事实类别不符合要求。"
    en = "The kind of fact is not valid."


class FactKindInUse(Refusal):
    """Facts hold fast what the new version would change; `errors` says what."""

    kind = "conflict"
    code = "talent.fact_kind_in_use"
    zh = "已有事实使用的字段，其类型不能更改；请另建字段。"
    en = "Facts use these fields: their types stay. Add another field."


def put_fact_kind(
    work: Work,
    *,
    key: str,
    version: int | None,
    name: Mapping[str, str],
    programme: str,
    declared: Sequence[Mapping[str, Any]],
    confirmed_by: Sequence[str],
    holds_months: int | None,
) -> dict[str, Any]:
    """Add a kind, or replace one of `version`; what is on record of facts stays.

    Raises FactKindInvalid, FactKindInUse, VersionStale.
    """
    wanted = Kind(key, name, programme, declared, confirmed_by, holds_months, (version or 0) + 1)
    _refuse(FactKindInvalid, check_kind(wanted))
    if version is None:
        _insert(work, wanted)
    else:
        _replace(work, wanted)
    before = f"version {version}" if version else None
    work.record("fact_kind", key, from_state=before, to_state=f"version {wanted.version}")
    return {**dataclasses.asdict(wanted), "created": version is None}


def _insert(work: Work, wanted: Kind) -> None:
    values = {**dataclasses.asdict(wanted), "created_at": work.now, "updated_at": work.now}
    writing = insert(FactKind).values(values).on_conflict_do_nothing().returning(FactKind.version)
    if work.session.execute(writing).scalar() is None:
        raise VersionStale(current=_find(work, wanted.key).version)


def _replace(work: Work, wanted: Kind) -> None:
    """The row is locked first: whoever reports a fact of the kind holds it still until then, or waits until it is written."""
    locked = select(*COLUMNS).where(FactKind.key == wanted.key).with_for_update()
    row = work.session.execute(locked).one_or_none()
    if row is None or row.version != wanted.version - 1:
        raise VersionStale(current=row.version if row else 0)
    before = Kind(**row._mapping)
    fields = {"key": wanted.key, "fields": [field["key"] for field in before.declared]}
    used = work.session.connection().execute(_USED, fields).scalars().all()
    _refuse(FactKindInUse, check_change(before, wanted, used))
    values = {**dataclasses.asdict(wanted), "updated_at": work.now}
    work.session.execute(update(FactKind).where(FactKind.key == wanted.key).values(values))


def _refuse(refusal: type[Refusal], violations: Collection[Any]) -> None:
    if violations:
        raise refusal(errors=[violation.to_error() for violation in violations])


def get_fact_kind(work: Work, *, key: str) -> dict[str, Any]:
    """One kind. Raises FactKindNotFound."""
    return dataclasses.asdict(_find(work, key))


def list_fact_kinds(work: Work) -> dict[str, Any]:
    """Every kind, by key."""
    rows = work.session.execute(select(*COLUMNS).order_by(FactKind.key))
    return {"items": [dict(row._mapping) for row in rows]}


def kept_still(work: Work, key: str) -> Kind:
    """One kind, locked until this work is over. Raises FactKindNotFound."""
    return _find(work, key, is_kept=True)


def _find(work: Work, key: str, *, is_kept: bool = False) -> Kind:
    wanted = select(*COLUMNS).where(FactKind.key == key)
    row = work.session.execute(wanted.with_for_update(read=True) if is_kept else wanted).one_or_none()
    if row is None:
        raise FactKindNotFound()
    return Kind(**row._mapping)
