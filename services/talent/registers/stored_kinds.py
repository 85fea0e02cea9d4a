"""Kinds of registers as they are stored: one, all, and those that a report holds still."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from chassis.store.work import Work
from services.talent.registers.rules import Kind
from services.talent.registers.tables import RegisterKind

COLUMNS: tuple[Any, ...] = tuple(getattr(RegisterKind, field.name) for field in dataclasses.fields(Kind))


def find_kind(work: Work, key: str) -> Kind | None:
    """One kind, if there is one of this key."""
    row = work.session.execute(select(*COLUMNS).where(RegisterKind.key == key)).one_or_none()
    return None if row is None else Kind(**row._mapping)


def all_kinds(work: Work) -> list[Kind]:
    """Every kind, by key."""
    return [Kind(**row._mapping) for row in work.session.execute(select(*COLUMNS).order_by(RegisterKind.key))]


def kept_still(work: Work, keys: Collection[str]) -> dict[str, Kind]:
    """The kinds of these keys, locked until this work is over: what is reported is reported by one version."""
    wanted = select(*COLUMNS).where(RegisterKind.key.in_(sorted(keys))).order_by(RegisterKind.key)
    return {row.key: Kind(**row._mapping) for row in work.session.execute(wanted.with_for_update(read=True))}
