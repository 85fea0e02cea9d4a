"""The audit (访问记录): a row for each answer that shows or changes personal data, in the transaction the answer comes from.

Lives here: whom an operation's answers are about (`people_of`, declared with the RPC), the row, reading rows, and how long they
are kept. Not here: when it is written (``chassis.rpc.server``). It holds no personal data but ids, and is only ever appended
to. Source: access rules, "Audit" (ADR 0020).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import MetaData, TextClause, select, text, tuple_
from sqlalchemy.orm import Session

from chassis.ground.ids import uuid7
from chassis.store import idempotency, partitions
from chassis.store.pages import narrowed
from chassis.store.tables import audit_table
from chassis.store.work import Caller, Work
from contracts.language.refusals import Refusal

TABLE = audit_table(MetaData())
SCOPE = "audit:read"
#: Six by law (网络安全法, article 21); the functions of ``months.sql`` hold it too.
SHORTEST_MONTHS = 6


class NotAnAuditor(Refusal):
    """The audit is shown to auditors, and to a person what is on record about themselves."""

    kind = "forbidden"
    code = "chassis.not_an_auditor"
    zh = "审计记录只对审计人员开放，个人只能查看与本人有关的记录。"
    en = "The audit is for auditors; a person sees what is on record about themselves."


@dataclass(frozen=True)
class People:
    """Whom the answers of an operation are about, and the statement that writes so; in the second form it stores the reply under
    its idempotency key, too: a hot path has no statement to spare.
    """

    field: str
    write: TextClause
    write_and_store: TextClause

    def named(self, request: Mapping[str, Any], answer: Mapping[str, Any]) -> list[str]:
        """The ids in a request and its answer, a page's items included."""
        shown = (request, answer, *answer.get("items", ()))
        return sorted({str(one[self.field]) for one in shown if one.get(self.field) is not None})


def people_of(field: str, *, of: str | None = None, by: str | None = None) -> People:
    """The people whose ids stand in `field` of the request, of the answer, or of the items of a page.

    Where the field is the id of a record of theirs, `of` names its table, which has a ``person_id``; or `by` is the SQL that
    leads from ``:ids`` to the people.
    """
    if of is not None:
        by = f"""select distinct person_id from {of} where id = any(cast(:ids as uuid[]))"""
    people = "cast(:ids as uuid[])" if by is None else f"array({by})"
    written = f"""
        insert into audit (at, id, client_id, department, subject, operation, person_ids, purpose, request_id)
        values (:at, :id, :client_id, :department, :subject, :operation, {people}, :purpose, :request_id)
    """
    return People(field, text(written), text(f"""with stored as ({idempotency.STORE}) {written}"""))


def write(
    work: Work,
    operation: str,
    people: People,
    request: Mapping[str, Any],
    answer: Mapping[str, Any],
    stored: Mapping[str, Any] | None = None,
) -> None:
    """The row of an answer that is about to leave, an empty page's too; `stored` as ``idempotency.run`` gives it."""
    ids = people.named(request, answer)
    append(work, operation, people, ids, purpose=request.get("purpose"), stored=stored)


def append(
    work: Work,
    operation: str,
    people: People,
    ids: list[str],
    *,
    purpose: str | None = None,
    stored: Mapping[str, Any] | None = None,
) -> None:
    """The row of what was done to the people behind these ids. The caller is whom the broker vouches for."""
    work.session.flush()  # a record may lead to its person only once it is written
    row = {
        **_who(work.caller),
        "at": work.now,
        "id": uuid7(),
        "operation": operation,
        "ids": ids,
        "purpose": purpose or work.caller.purpose,
        "request_id": work.caller.request_id,
    }
    statement = people.write if stored is None else people.write_and_store
    work.session.connection().execute(statement, {**(stored or {}), **row})


def _who(caller: Caller) -> dict[str, str | None]:
    if caller.trusted:
        return {"client_id": caller.client_id, "department": caller.department, "subject": caller.subject}
    sender = caller.broker_user
    return {"client_id": sender or "unknown", "department": "platform" if sender else "unknown", "subject": None}


def list_audit(
    work: Work,
    *,
    limit: int,
    after: Mapping[str, Any] | None = None,
    person_ids: Sequence[UUID] = (),
    client_id: str | None = None,
    department: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> dict[str, Any]:
    """Rows, newest first; a filter of None, or of no ids, matches any. Raises NotAnAuditor."""
    caller = work.caller
    is_their_own = caller.trusted and caller.person_id in person_ids
    if not is_their_own and not (caller.trusted and caller.may(SCOPE)):
        raise NotAnAuditor()
    statement = narrowed(select(*TABLE.c), TABLE.c, {"client_id": client_id, "department": department})
    if person_ids:
        statement = statement.where(TABLE.c.person_ids.overlap(list(person_ids)))
    if since is not None:
        statement = statement.where(TABLE.c.at >= since)
    if until is not None:
        statement = statement.where(TABLE.c.at < until)
    if after is not None:
        # the first of the two keeps younger partitions out
        earlier = tuple_(TABLE.c.at, TABLE.c.id) < tuple_(after["created_at"], after["id"])
        statement = statement.where(TABLE.c.at <= after["created_at"], earlier)
    newest = statement.order_by(TABLE.c.at.desc(), TABLE.c.id.desc()).limit(limit + 1)
    rows = [dict(row) for row in work.session.execute(newest).mappings()]
    last = rows[limit - 1] if len(rows) > limit else None
    return {"items": rows[:limit], "next_after": {"created_at": last["at"], "id": last["id"]} if last else None}


def keep(session: Session, now: dt.datetime, *, months: int, at_most: int) -> int:
    """Partitions ahead, rows older than `months` whole months gone (never less than six months, whoever calls); how many of the
    latter were deleted one by one.
    """
    partitions.ensure(session, "audit", now)
    oldest = now.date().replace(day=1)
    for _ in range(max(months, SHORTEST_MONTHS)):
        oldest = (oldest - dt.timedelta(days=1)).replace(day=1)
    return partitions.drop_before(session, "audit", oldest, at_most=at_most)
