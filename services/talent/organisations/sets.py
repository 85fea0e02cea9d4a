"""Named sets of organisations (“19所驻地高校”), each membership for a half-open period.

A set is published whole; every version is kept, so past versions stay known. Not here: the organisations.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.orm import Session

from chassis.rebuilding.republish import Page, State
from chassis.store.versions import VersionStale
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.talent.organisations import lookups
from services.talent.organisations.tables import OrganisationSet, OrganisationSetMember
from services.talent.rules.periods import any_overlap, check_period


class OrganisationSetNotFound(Refusal):
    """No set has this key."""

    kind = "not_found"
    code = "talent.organisation_set_not_found"
    zh = "未找到该单位集合。"
    en = "There is no such set of organisations."


class OrganisationSetInvalid(Refusal):
    """A member is unknown or unconfirmed, or its periods end before they begin or overlap; `errors` says which."""

    kind = "invalid"
    code = "talent.organisation_set_invalid"
    zh = "单位集合不符合要求。"
    en = "The set of organisations is not valid."


def put_organisation_set(
    work: Work, *, key: str, version: int | None, name: Mapping[str, str], members: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Publish the whole set: `version` is the one it replaces, None for a new set. The same content again changes nothing.

    Members are {organisation_id, from_on, until_on | None}. Raises OrganisationSetInvalid, VersionStale.
    """
    wanted = sorted(
        ((member["organisation_id"], member["from_on"], member.get("until_on")) for member in members),
        key=lambda member: member[:2],
    )
    _check(work, members)
    current = _current(work, key)
    if (current.version if current else None) != version:
        raise VersionStale(current=current.version if current else 0)
    if current is not None:
        same_name = (current.name_zh, current.name_en) == (name["zh-CN"], name["en"])
        if same_name and _members(work, key, current.version) == wanted:
            return get_organisation_set(work, key=key)
    _publish(work, key, (version or 0) + 1, name, wanted)
    return get_organisation_set(work, key=key) | {"created": version is None}


def _publish(
    work: Work, key: str, version: int, name: Mapping[str, str], members: Sequence[tuple[UUID, dt.date, dt.date | None]]
) -> None:
    row = {
        "key": key,
        "version": version,
        "name_zh": name["zh-CN"],
        "name_en": name["en"],
        "client_id": work.caller.client_id,
        "department": work.caller.department,
        "published_at": work.now,
    }
    published = insert_once(OrganisationSet).values(row).on_conflict_do_nothing().returning(OrganisationSet.version)
    if work.session.execute(published).scalar() is None:
        latest = _current(work, key)
        raise VersionStale(current=latest.version if latest else version)
    names = ("organisation_id", "from_on", "until_on")
    if members:
        rows = [{"key": key, "version": version, **dict(zip(names, member, strict=True))} for member in members]
        work.session.execute(insert(OrganisationSetMember).values(rows))
    state = f"version {version}"
    work.record("organisation_set", key, from_state=f"version {version - 1}" if version > 1 else None, to_state=state)
    data = stated(key, version, members)
    work.announce("talent.organisation_set.published.v1", subject_id=key, version=version, data=data)


def stated(key: str, version: int, members: Iterable[tuple[UUID, dt.date, dt.date | None]]) -> dict[str, Any]:
    """What events say of a version of a set; its members by organisation and day."""
    rows = [
        {"organisation_id": str(who), "from_on": str(from_on), "until_on": str(until_on) if until_on else None}
        for who, from_on, until_on in members
    ]
    return {"key": key, "version": version, "members": rows}


def _check(work: Work, members: Sequence[Mapping[str, Any]]) -> None:
    known = lookups.known(work, (member["organisation_id"] for member in members))
    confirmed = lookups.confirmed(work, known)
    errors = []
    periods: dict[UUID, list[tuple[dt.date, dt.date | None]]] = defaultdict(list)
    for index, member in enumerate(members):
        wrong = check_period(member["from_on"], member.get("until_on"))
        if wrong is not None:
            errors.append({**wrong.to_error(), "pointer": f"#/members/{index}/until_on"})
        if member["organisation_id"] not in known:
            errors.append(_error(index, "organisation_unknown", "未找到该单位。", "There is no such organisation."))
        elif member["organisation_id"] not in confirmed:
            zh, en = "该单位尚未经主管部门确认。", "The city office has not confirmed this organisation."
            errors.append(_error(index, "organisation_unconfirmed", zh, en))
        periods[member["organisation_id"]].append((member["from_on"], member.get("until_on")))
        if any_overlap(periods[member["organisation_id"]]):
            zh, en = "同一单位的有效期重叠。", "Two periods of one organisation overlap."
            errors.append(_error(index, "periods_overlap", zh, en))
    if errors:
        raise OrganisationSetInvalid(errors=errors)


def _error(index: int, code: str, zh: str, en: str) -> dict[str, str]:
    return {"pointer": f"#/members/{index}/organisation_id", "code": code, "zh": zh, "en": en}


def get_organisation_set(work: Work, *, key: str, on: dt.date | None = None) -> dict[str, Any]:
    """The set as last published; with `on`, only the members of that day. Raises OrganisationSetNotFound."""
    current = _current(work, key)
    if current is None:
        raise OrganisationSetNotFound()
    members = [
        {"organisation_id": who, "from_on": from_on, "until_on": until_on}
        for who, from_on, until_on in _members(work, key, current.version)
        if on is None or (from_on <= on and (until_on is None or on < until_on))
    ]
    return {
        "key": key,
        "name": {"zh-CN": current.name_zh, "en": current.name_en},
        "members": members,
        "version": current.version,
        "published_at": current.published_at,
    }


def list_organisation_sets(work: Work) -> dict[str, Any]:
    """Every set as last published, by key, without its members."""
    newest = select(OrganisationSet).distinct(OrganisationSet.key)
    current = work.session.scalars(newest.order_by(OrganisationSet.key, OrganisationSet.version.desc())).all()
    member = OrganisationSetMember
    counting = select(member.key, member.version, func.count(member.organisation_id.distinct()))
    rows = work.session.execute(counting.group_by(member.key, member.version))
    counts = {(row[0], row[1]): row[2] for row in rows}
    return {
        "items": [
            {
                "key": one.key,
                "name": {"zh-CN": one.name_zh, "en": one.name_en},
                "member_count": counts.get((one.key, one.version), 0),
                "version": one.version,
                "published_at": one.published_at,
            }
            for one in current
        ]
    }


def _current(work: Work, key: str) -> OrganisationSet | None:
    newest = select(func.max(OrganisationSet.version)).where(OrganisationSet.key == key).scalar_subquery()
    statement = select(OrganisationSet).where(OrganisationSet.key == key, OrganisationSet.version == newest)
    return work.session.execute(statement).scalar_one_or_none()


def _members(work: Work, key: str, version: int) -> list[tuple[UUID, dt.date, dt.date | None]]:
    member = OrganisationSetMember
    statement = select(member.organisation_id, member.from_on, member.until_on).where(
        member.key == key, member.version == version
    )
    return [
        (row[0], row[1], row[2])
        for row in work.session.execute(statement.order_by(member.organisation_id, member.from_on))
    ]


def as_they_stand(session: Session, page: Page) -> Sequence[State]:
    """Every version of a page of sets, each as of the day it was published: figures of past days are counted by them."""
    keys = session.scalars(
        page.of(select(OrganisationSet.key).group_by(OrganisationSet.key), OrganisationSet.key)
    ).all()
    versions = select(OrganisationSet.key, OrganisationSet.version, OrganisationSet.published_at)
    member = OrganisationSetMember
    statement = select(member.key, member.version, member.organisation_id, member.from_on, member.until_on)
    members: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for key, version, *rest in session.execute(
        statement.where(member.key.in_(keys)).order_by(member.organisation_id, member.from_on)
    ):
        members[key, version].append(rest)
    found = session.execute(versions.where(OrganisationSet.key.in_(keys)))
    return [
        State(
            "talent.organisation_set.published.v1",
            row.key,
            row.version,
            stated(row.key, row.version, members[row.key, row.version]),
            row.published_at,
        )
        for row in sorted(found, key=lambda row: (row.key, row.version))
    ]


SOURCES = {"organisation_set": as_they_stand}
