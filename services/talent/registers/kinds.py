"""Kinds of registers (台账类别), as data: what an entry is known by, carries and goes through, and who may report it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.talent.registers.rules import Kind
from services.talent.registers.tables import RegisterKind

__all__ = ["Kind"]

_NAMES = tuple(field.name for field in dataclasses.fields(Kind))
_COLUMNS: tuple[Any, ...] = tuple(getattr(RegisterKind, name) for name in _NAMES)


class RegisterKindNotFound(Refusal):
    """No kind of register has this key."""

    kind = "not_found"
    code = "talent.register_kind_not_found"
    zh = "未找到该台账类别。"
    en = "There is no such kind of register."


def get_kind(work: Work, key: str) -> Kind:
    """One kind. Raises RegisterKindNotFound."""
    row = work.session.execute(select(*_COLUMNS).where(RegisterKind.key == key)).one_or_none()
    if row is None:
        raise RegisterKindNotFound()
    return Kind(**row._mapping)


def all_kinds(work: Work) -> list[Kind]:
    """Every kind, by key."""
    return [Kind(**row._mapping) for row in work.session.execute(select(*_COLUMNS).order_by(RegisterKind.key))]


def kept_still(work: Work, keys: Collection[str]) -> dict[str, Kind]:
    """The kinds of these keys, which nobody changes before this work is over: what is reported is reported by one version."""
    wanted = select(*_COLUMNS).where(RegisterKind.key.in_(sorted(keys))).order_by(RegisterKind.key)
    return {row.key: Kind(**row._mapping) for row in work.session.execute(wanted.with_for_update(read=True))}
