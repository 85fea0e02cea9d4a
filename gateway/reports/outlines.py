"""The outline of the report: its title and its chapters in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from chassis.store.versions import VersionStale
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from gateway.tables import ReportOutline


class OutlineNotFound(Refusal):
    """The report has no outline yet."""

    kind = "not_found"
    code = "outline_not_found"
    zh = "尚未设置报告提纲。"
    en = "The report has no outline yet."


def put_report_outline(
    work: Work, *, key: str, title: dict[str, Any], chapters: Sequence[dict[str, Any]], version: int | None
) -> dict[str, Any]:
    """Add or replace the outline; `version` is the one it replaces. The same content again keeps its version.

    Raises VersionStale.
    """
    session, table = work.session, ReportOutline
    wanted = {"title": title, "chapters": [*chapters], "updated_at": work.now}
    if version is None:
        new = insert(table).values(key=key, version=1, created_at=work.now, **wanted).on_conflict_do_nothing()
        if session.execute(new.returning(table.key)).scalar() is None:
            raise VersionStale(current=get_report_outline(work, key=key)["version"])
        return get_report_outline(work, key=key) | {"created": True}
    known = session.get(table, key)
    if known is not None and known.version == version and (known.title, known.chapters) == (title, [*chapters]):
        return get_report_outline(work, key=key) | {"created": False}
    changed = update(table).where(table.key == key, table.version == version).values(version=version + 1, **wanted)
    if session.execute(changed.returning(table.key)).scalar() is None:
        raise VersionStale(current=known.version if known is not None else 0)
    return get_report_outline(work, key=key) | {"created": False}


def get_report_outline(work: Work, *, key: str) -> dict[str, Any]:
    """The outline. Raises OutlineNotFound."""
    found = work.session.get(ReportOutline, key, populate_existing=True)
    if found is None:
        raise OutlineNotFound()
    return {name: getattr(found, name) for name in ("key", "title", "chapters", "version")}
