"""Schemes (惠民政策): what is granted to whom, where it admits, how often. Each PUT publishes an immutable version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from chassis.store.versions import VersionStale
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.perks.entitlements import evaluation
from services.perks.entitlements import rules as eligibility
from services.perks.schemes import figures
from services.perks.schemes.tables import Scheme, SchemeRelation


class SchemeNotFound(Refusal):
    """No scheme has this key."""

    kind = "not_found"
    code = "perks.scheme_not_found"
    zh = "未找到该政策。"
    en = "There is no such scheme."


class SchemeInvalid(Refusal):
    """A clause cannot be evaluated or a period is empty; `errors` says which."""

    kind = "unprocessable"
    code = "perks.scheme_invalid"
    zh = "政策内容不符合要求。"
    en = "The scheme is not valid."


def put_scheme(work: Work, *, key: str, version: int | None, **body: Any) -> dict[str, Any]:
    """Publish the scheme's next version; `version` is the one it replaces, None for a new scheme.

    The same content again changes nothing and keeps its version; else everybody is evaluated later. Raises SchemeInvalid,
    VersionStale.
    """
    evaluation.block_evaluations(work)
    _check(body)
    known = _current(work, key)
    if (known.version if known else None) != version:
        raise VersionStale(current=known.version if known else 0)
    if known is not None and _content(work, known) == body:
        return _as_record(work, known) | {"created": False}
    number = (version or 0) + 1
    _write(work, key, number, body)
    work.record(
        "scheme", key, from_state=_label(version), to_state=f"version {number}", effective_on=body["valid_from"]
    )
    work.announce(
        "perks.scheme.published.v1",
        subject_id=key,
        version=number,
        data={
            "scheme_key": key,
            "version": number,
            "valid_from": body["valid_from"].isoformat(),
            "valid_until": body["valid_until"].isoformat() if body["valid_until"] else None,
        },
    )
    evaluation.evaluate_all_later(work, f"scheme {key}")
    return get_scheme(work, key=key) | {"created": version is None}


def _label(version: int | None) -> str | None:
    return f"version {version}" if version else None


def _write(work: Work, key: str, version: int, body: Mapping[str, Any]) -> None:
    limit = body["limit"]
    retired = update(Scheme).where(Scheme.key == key, Scheme.is_current)
    work.session.execute(retired.values(is_current=False))
    row = {
        "key": key,
        "version": version,
        "is_current": True,
        **{name: body[name] for name in ("name", "source", "valid_from", "valid_until", "covers", "clauses")},
        "limit_count": limit["count"],
        "limit_per": limit["per"],
        "limit_window": limit["window"],
        "limit_assumption": limit["assumption"],
        "published_at": work.now,
        "client_id": work.caller.client_id,
        "department": work.caller.department,
    }
    try:
        work.session.execute(insert(Scheme), [row])
    except IntegrityError as error:  # somebody published at the same moment
        raise VersionStale(current=version) from error
    relations = [{"key": key, "version": version, "number": n, **one} for n, one in enumerate(body["relation"])]
    work.session.execute(insert(SchemeRelation), relations)


def _check(body: Mapping[str, Any]) -> None:
    errors = []
    for number, clause in enumerate(body["clauses"]):
        if (flaw := eligibility.flaw_of(clause["expr"])) is not None:
            pointer = f"#/clauses/{number}/expr"
            errors.append({"pointer": pointer, "code": "bad_expression", "zh": f"表达式无效：{flaw}", "en": flaw})
    ids = [clause["id"] for clause in body["clauses"]]
    for number, clause_id in enumerate(ids):
        if clause_id in ids[:number]:
            zh, en = "条件编号重复。", "Two clauses have this id."
            errors.append({"pointer": f"#/clauses/{number}/id", "code": "duplicate", "zh": zh, "en": en})
    if _is_empty(body["valid_from"], body["valid_until"]):
        errors.append(_empty_period("#/valid_until"))
    for number, relation in enumerate(body["relation"]):
        if _is_empty(relation["from_on"], relation["until_on"]):
            errors.append(_empty_period(f"#/relation/{number}/until_on"))
    if errors:
        raise SchemeInvalid(errors=errors)


def _is_empty(from_on: dt.date, until_on: dt.date | None) -> bool:
    return until_on is not None and until_on <= from_on


def _empty_period(pointer: str) -> dict[str, str]:
    return {
        "pointer": pointer,
        "code": "empty_period",
        "zh": "结束日期须晚于开始日期。",
        "en": "The end must be after the start.",
    }


def get_scheme(work: Work, *, key: str) -> dict[str, Any]:
    """The current version. Raises SchemeNotFound."""
    known = _current(work, key)
    if known is None:
        raise SchemeNotFound()
    return _as_record(work, known)


def list_schemes(work: Work) -> dict[str, Any]:
    """The current version of every scheme, by key. There are dozens at most, so there are no pages."""
    return {"items": [_as_record(work, scheme) for scheme in current(work)]}


def current(work: Work) -> Sequence[Scheme]:
    """The current version of every scheme, by key."""
    return work.session.scalars(select(Scheme).where(Scheme.is_current).order_by(Scheme.key)).all()


def published_by(work: Work, department: str) -> Sequence[str]:
    """The keys of the schemes whose current version the department published."""
    published = select(Scheme.key).where(Scheme.is_current, Scheme.department == department)
    return work.session.scalars(published.order_by(Scheme.key)).all()


def _current(work: Work, key: str) -> Scheme | None:
    return work.session.scalar(select(Scheme).where(Scheme.key == key, Scheme.is_current))


def _content(work: Work, scheme: Scheme) -> dict[str, Any]:
    statement = select(SchemeRelation).where(SchemeRelation.key == scheme.key, SchemeRelation.version == scheme.version)
    relations = work.session.scalars(statement.order_by(SchemeRelation.number))
    return {
        "name": scheme.name,
        "source": scheme.source,
        "valid_from": scheme.valid_from,
        "valid_until": scheme.valid_until,
        "covers": scheme.covers,
        "relation": [
            {name: getattr(one, name) for name in ("place_set", "institution_set", "from_on", "until_on")}
            for one in relations
        ],
        "clauses": scheme.clauses,
        "limit": {
            "count": scheme.limit_count,
            "per": scheme.limit_per,
            "window": scheme.limit_window,
            "assumption": scheme.limit_assumption,
        },
    }


def _as_record(work: Work, scheme: Scheme) -> dict[str, Any]:
    about = {"key": scheme.key, "version": scheme.version, "published_at": scheme.published_at}
    return _content(work, scheme) | about


COUNTERS = figures.COUNTERS
