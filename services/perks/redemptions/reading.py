"""Reading redemptions: a department sees the scans of its own places and of the schemes it published.

A scan is made by a device of the place's department, or by a department the place trusts, so the department that scanned says
whose place it was. Whoever reaches a person sees that person's scans, wherever they were made; the gateway asks talent before.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, union

from chassis.store import records
from chassis.store.pages import Rows, following, narrowed, read_page, within
from chassis.store.work import Work
from contracts.language.paging import Paging
from contracts.language.refusals import Refusal
from services.perks import entitlements, schemes
from services.perks.redemptions import TABLE, as_answer

_KEY = (TABLE.c.created_at, TABLE.c.id)


class RedemptionNotFound(Refusal):
    """No redemption of the caller's has this id."""

    kind = "not_found"
    code = "perks.redemption_not_found"
    zh = "未找到该核销记录。"
    en = "There is no such redemption."


def get_redemption(work: Work, *, redemption_id: UUID) -> dict[str, Any]:
    """One redemption of the department's places or schemes. Raises RedemptionNotFound."""
    statement = select(TABLE).where(TABLE.c.id == redemption_id, or_(*_own(work)))
    return as_answer(dict(records.found(work, statement, RedemptionNotFound)))


def list_redemptions(
    work: Work,
    *,
    page: Paging,
    person_id: UUID | None = None,
    entitlement_id: UUID | None = None,
    place_id: UUID | None = None,
    outcome: str | None = None,
) -> dict[str, Any]:
    """Redemptions of a person, or of the department's places and schemes, oldest first; a filter of None matches any."""
    wanted = narrowed(select(TABLE), TABLE.c, {"place_id": place_id, "outcome": outcome})
    if entitlement_id is not None or person_id is not None:
        ids = entitlements.ids_of(work, person_id=person_id, entitlement_id=entitlement_id)
        wanted = wanted.where(TABLE.c.entitlement_id.in_(ids))
    paged = counted = wanted
    if person_id is None:
        own = _own(work)
        paged, counted = _first_of(within(wanted, page, TABLE.c.created_at), own, page), wanted.where(or_(*own))
    found = read_page(work.session, paged, page, key=_KEY, counted=counted)
    return found | {"items": [as_answer(row) for row in found["items"]]}


def _own(work: Work) -> list[ColumnElement[bool]]:
    """What makes a redemption the department's, an index each."""
    department = work.caller.department
    published = schemes.published_by(work, department)
    return [TABLE.c.department == department, *(TABLE.c.scheme_key == key for key in published)]


def _first_of(wanted: Rows, own: list[ColumnElement[bool]], page: Paging) -> Rows:
    """Narrowed to the first of each index: a page never holds more of them, and no index is read further."""
    firsts = [following(wanted.with_only_columns(TABLE.c.id).where(one), page, _KEY) for one in own]
    return select(TABLE).where(TABLE.c.id.in_(union(*(select(one.subquery()) for one in firsts))))
