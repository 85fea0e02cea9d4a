"""Optimistic concurrency: a change names the version it saw (ETag and If-Match at the edge, RFC 9110)."""

from __future__ import annotations

from contracts.language.refusals import Refusal


class VersionStale(Refusal):
    """The record has been changed since the caller read it."""

    kind = "precondition_failed"
    code = "chassis.version_stale"
    zh = "记录已被修改（当前版本 {current}），请重新读取后再提交。"
    en = "The record has changed (its version is {current} now). Read it again, then retry."


def check_version(current: int, expected: int | None) -> None:
    """Refuse with VersionStale unless `expected` is None or the row's current version."""
    if expected is not None and expected != current:
        raise VersionStale(current=current)
