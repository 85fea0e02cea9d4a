"""Entitlements (权益): one row per person and scheme, active or suspended, with the reasons that made it so.

Lives here: writing decisions, reading entitlements. Not here: deciding (``evaluation``), whose they are once people are merged
(``merging``), passes and scans.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Table, func, insert, select, text, union_all
from sqlalchemy.engine import RowMapping

from chassis.ground.ids import uuid7
from chassis.store import records
from chassis.store.pages import narrowed, read_page
from chassis.store.work import Work
from contracts.language.paging import Paging
from contracts.language.refusals import Refusal
from services.perks import copies
from services.perks.entitlements.tables import Entitlement

ACTIVE, SUSPENDED = "active", "suspended"
TABLE: Table = Entitlement.__table__  # type: ignore[assignment]

# one statement, however many change
_CHANGE = text(
    """
    update entitlements e set state = n.state, scheme_version = n.scheme_version, reasons = n.reasons, facts = n.facts,
    verified = n.verified, version = e.version + 1 from jsonb_to_recordset(cast(:changes as jsonb))
    as n (id uuid, state text, scheme_version integer, reasons jsonb, facts jsonb, verified jsonb) where e.id = n.id
    """
)


class EntitlementNotFound(Refusal):
    """No entitlement has this id."""

    kind = "not_found"
    code = "perks.entitlement_not_found"
    zh = "未找到该权益。"
    en = "There is no such entitlement."


@dataclass(frozen=True)
class Decision:
    """Whether a person is entitled under a scheme version, by which clauses, and what those saw."""

    person_id: UUID
    scheme_key: str
    scheme_version: int
    scheme_name: dict[str, str]
    is_entitled: bool
    reasons: list[dict[str, Any]]
    facts: list[dict[str, Any]]
    verified: list[dict[str, Any]] | None


def settle(work: Work, decisions: Sequence[Decision]) -> None:
    """Write decisions about locked people: grant, suspend, reinstate; what has not changed is left alone."""
    people = sorted({decision.person_id for decision in decisions})
    statement = select(TABLE).where(TABLE.c.person_id.in_(people))
    found = work.session.connection().execute(statement).mappings()
    known = {(row["person_id"], row["scheme_key"]): row for row in found}
    granted, changed = [], []
    for decision in decisions:
        row = known.get((decision.person_id, decision.scheme_key))
        if row is None:
            if decision.is_entitled:
                granted.append(_grant(work, decision))
        elif (change := _change(work, row, decision)) is not None:
            changed.append(change)
    if granted:
        work.session.connection().execute(insert(TABLE), granted)
    if changed:
        work.session.connection().execute(_CHANGE, {"changes": json.dumps(changed, ensure_ascii=False)})


def _grant(work: Work, decision: Decision) -> dict[str, Any]:
    row = {
        "id": uuid7(),
        "person_id": decision.person_id,
        "scheme_key": decision.scheme_key,
        "scheme_version": decision.scheme_version,
        "state": ACTIVE,
        "reasons": decision.reasons,
        "granted_at": work.now,
        "version": 1,
        "created_at": work.now,
        "facts": decision.facts,
        "verified": decision.verified,
    }
    record_and_announce(work, "perks.entitlement.granted.v1", row, decision.scheme_name, None)
    return row


def _change(work: Work, row: RowMapping, decision: Decision) -> dict[str, Any] | None:
    """The change of a known entitlement; None where it stays as it is. The row always holds the facts it stands on now; only a
    change of state is announced.
    """
    state = ACTIVE if decision.is_entitled else SUSPENDED
    change = {
        "state": state,
        "scheme_version": decision.scheme_version,
        "reasons": decision.reasons,
        "facts": decision.facts,
        "verified": decision.verified,
    }
    if all(row[name] == value for name, value in change.items()):
        return None
    if row["state"] != state:
        after = {**row, **change, "version": row["version"] + 1}
        event_type = "perks.entitlement.reinstated.v1" if state == ACTIVE else "perks.entitlement.suspended.v1"
        record_and_announce(work, event_type, after, decision.scheme_name, row["state"])
    return {"id": str(row["id"]), **change}


def record_and_announce(
    work: Work,
    event_type: str,
    row: Mapping[str, Any],
    scheme_name: dict[str, str] | None,
    from_state: str | None,
    **more: str,
) -> None:
    """Into the history and the outbox: an entitlement as it is written now; `more` is what the event says besides."""
    failed = [reason["clause"] for reason in row["reasons"] if not reason["met"]] if row["state"] == SUSPENDED else []
    work.record(
        "entitlement", row["id"], from_state=from_state, to_state=row["state"], reason=", ".join(failed) or None
    )
    names = ("person_id", "scheme_key", "scheme_version", "state", "version")
    data = {name: str(row[name]) if name == "person_id" else row[name] for name in names}
    work.announce(
        event_type,
        subject_id=row["id"],
        version=row["version"],
        data={"entitlement_id": str(row["id"]), "scheme_name": scheme_name, **data, **more},
    )


def get_entitlement(work: Work, *, entitlement_id: UUID) -> dict[str, Any]:
    """One entitlement, for a merged one that of the survivor; who acts for themselves finds their own alone.

    Raises EntitlementNotFound.
    """
    named = TABLE.alias("named")
    standing = select(TABLE).join(named, TABLE.c.id == func.coalesce(named.c.merged_into, named.c.id))
    statement = narrowed(standing.where(named.c.id == entitlement_id), TABLE.c, {"person_id": work.caller.person_id})
    return dict(records.found(work, statement, EntitlementNotFound))


def ids_of(work: Work, *, person_id: UUID | None = None, entitlement_id: UUID | None = None) -> Sequence[UUID]:
    """The entitlements of a person, or those that are one with an entitlement, always with what is merged into them."""
    standing = select(TABLE.c.id)
    if person_id is not None:
        standing = standing.where(TABLE.c.person_id == copies.survivor(person_id))
    if entitlement_id is not None:
        link = select(TABLE.c.merged_into).where(TABLE.c.id == entitlement_id).scalar_subquery()
        standing = standing.where(TABLE.c.id == func.coalesce(link, entitlement_id))
    merged = select(TABLE.c.id).where(TABLE.c.merged_into.in_(standing))
    return work.session.scalars(union_all(standing, merged)).all()


def list_entitlements(
    work: Work,
    *,
    page: Paging,
    person_id: UUID | None = None,
    scheme_key: str | None = None,
    state: str | None = None,
) -> dict[str, Any]:
    """Entitlements, oldest first; a filter of None matches any. Who acts for themselves finds their own alone.

    A merged person's are those of the survivor; one that is merged into another is that other one, and not listed beside it.
    """
    whose = None if person_id is None else copies.survivor(person_id)
    filters = {"person_id": whose, "scheme_key": scheme_key, "state": state}
    standing = select(TABLE).where(TABLE.c.merged_into.is_(None))
    statement = narrowed(narrowed(standing, TABLE.c, filters), TABLE.c, {"person_id": work.caller.person_id})
    key = (TABLE.c.created_at, TABLE.c.id)
    return read_page(work.session, statement, page, key=key, updated_at=TABLE.c.updated_at)
