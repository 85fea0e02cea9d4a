"""Kinds of activities (活动类别), as data: 座谈, 参观, 招聘会 … and the programme whose figure counts them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.store.versions import VersionStale
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.events.activities.tables import ActivityKind


class ActivityKindNotFound(Refusal):
    """No kind of activity has this key."""

    kind = "not_found"
    code = "events.activity_kind_not_found"
    zh = "未找到该活动类别。"
    en = "There is no such kind of activity."


def put_activity_kind(
    work: Work,
    *,
    key: str,
    version: int | None,
    name: dict[str, str],
    programme: str,
    is_confidential: bool | None = None,
) -> dict[str, Any]:
    """Add a kind, or change one of `version`. Activities that are there keep their programme, and a kind that nothing is said of
    stays confidential or not. Raises VersionStale.
    """
    content: dict[str, Any] = {"name": name, "programme": programme}
    if is_confidential is not None:
        content["is_confidential"] = is_confidential
    if version is None:
        writing: Any = insert(ActivityKind).values(key=key, version=1, **content).on_conflict_do_nothing()
    else:
        known = update(ActivityKind).where(ActivityKind.key == key, ActivityKind.version == version)
        writing = known.values(version=version + 1, **content)
    shown = (ActivityKind.name, ActivityKind.programme, ActivityKind.is_confidential, ActivityKind.version)
    written = work.session.execute(writing.returning(*shown)).mappings().one_or_none()
    if written is None:
        current = work.session.scalar(select(ActivityKind.version).where(ActivityKind.key == key))
        raise VersionStale(current=current or 0)
    before = f"version {version}" if version else None
    work.record("activity_kind", key, from_state=before, to_state=f"version {written['version']}")
    return {"key": key, "created": version is None, **written}


def get_activity_kind(work: Work, *, key: str) -> dict[str, Any]:
    """One kind. Raises ActivityKindNotFound."""
    known = work.session.get(ActivityKind, key)
    if known is None:
        raise ActivityKindNotFound()
    return _as_record(known)


def list_activity_kinds(work: Work) -> dict[str, Any]:
    """Every kind, by key."""
    return {"items": [_as_record(one) for one in work.session.scalars(select(ActivityKind).order_by(ActivityKind.key))]}


def _as_record(known: ActivityKind) -> dict[str, Any]:
    names = ("key", "name", "programme", "is_confidential", "version")
    return {name: getattr(known, name) for name in names}
