"""Conditional requests: strong ETags from the record's version (RFC 9110, section 13; RFC 6585, section 3)."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import request

from gateway.http.problems import Problem

_ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_ENTITY_TAGS = re.compile(rf"{_ENTITY_TAG.pattern}(?:[ \t]*,[ \t]*{_ENTITY_TAG.pattern})*")
_VERSION_TAG = re.compile(r"v([1-9][0-9]{0,8})")
#: What the API's description asks for: what we gave out. Lists and weak tags are read too.
ENTITY_TAG = r'^(\*|"v[1-9][0-9]{0,8}")$'
#: What to expect of a record that has moved on or never was: no record has this version.
NO_SUCH_VERSION = 0


class PreconditionRequired(Problem):
    """A change to a shared record must name the version it was made from."""

    status = 428
    code = "precondition_required"
    zh = "修改已有记录须带 If-Match 请求头（取自最近一次读取的 ETag）。"
    en = "Changing an existing record needs If-Match with the ETag last read."


class PreconditionMalformed(Problem):
    """If-Match or If-None-Match is not a list of entity tags."""

    status = 400
    code = "precondition_malformed"
    zh = "{header} 请求头格式有误，应为带引号的 ETag。"
    en = "{header} is malformed; it takes quoted entity tags."


def etag(version: int) -> str:
    """The entity tag of a version of a record."""
    return f'"v{version}"'


def is_unchanged(version: int) -> bool:
    """Whether If-None-Match says the client already holds this version (weak comparison)."""
    header = request.headers.get("If-None-Match")
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return any(opaque == f"v{version}" for _, opaque in _tags(header, "If-None-Match"))


def expected_version(current: Callable[[], int]) -> int:
    """The version a PATCH was made from, for the owning service to compare.

    `current` asks for the version now; it is called only for ``*`` and for lists. Raises PreconditionRequired.
    """
    header = request.headers.get("If-Match")
    if header is None:
        raise PreconditionRequired()
    if header.strip() == "*":
        return current()
    tags = _tags(header, "If-Match")
    versions = [int(found.group(1)) for weak, opaque in tags if not weak and (found := _VERSION_TAG.fullmatch(opaque))]
    if len(versions) == 1:
        return versions[0]
    now = current() if versions else NO_SUCH_VERSION
    return now if now in versions else NO_SUCH_VERSION


def put_version(current: Callable[[], int]) -> int | None:
    """The version a PUT replaces; None when it may only create.

    Without any condition a PUT creates too; once the record is there it is refused (``records.put``, 428).
    """
    if request.headers.get("If-Match") is not None:
        return expected_version(current)
    header = request.headers.get("If-None-Match")
    if header is not None and header.strip() != "*":
        raise PreconditionMalformed(header="If-None-Match")
    return None


def is_unconditional() -> bool:
    """Whether the request carries no precondition at all."""
    return "If-Match" not in request.headers and "If-None-Match" not in request.headers


def _tags(header: str, name: str) -> list[tuple[bool, str]]:
    if _ENTITY_TAGS.fullmatch(header.strip()) is None:
        raise PreconditionMalformed(header=name)
    return [(bool(weak), opaque) for weak, opaque in _ENTITY_TAG.findall(header)]
