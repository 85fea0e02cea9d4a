"""Lists of people within reach, masked: all of them, or those of a document, or of a name and a phone. Source: access rules,
"Reach".

In the order of their ids, which are made in the order of time. What is compared is what is shown: whoever sees only their own
report of a person finds the person by the time of that report.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from chassis.store.pages import MOST_COUNTED
from chassis.store.work import Work
from contracts.language.paging import AT_LEAST, EXACT, Paging
from contracts.language.violations import Violation
from services.talent.people import reach
from services.talent.people.keys import PeopleKeys
from services.talent.people.refusals import PersonInvalid
from services.talent.people.rules.names import read_name
from services.talent.people.rules.phones import read_phone
from services.talent.rules.identity import read_identity

_FIRST, _LAST = str(UUID(int=0)), str(UUID(int=2**128 - 1))
_SEVERAL = f"""{reach.SHOWN} where p.id = any(cast(:ids as uuid[])) and {reach.IS_REACHED} order by p.id"""
_REPORTED = """
    select r.person_id from person_reports r join people p on p.id = r.person_id and p.merged_into is null
    where r.department = :reported_by and r.person_id {beyond} cast(:after as uuid) order by r.person_id {order} limit :limit
"""
_ALL = """
    select id from people where id {beyond} cast(:after as uuid) and merged_into is null and erased_at is null
    order by id {order} limit :limit
"""
_ONESELF = """
    select coalesce(merged_into, id) from people
    where id = cast(:subject as uuid) and coalesce(merged_into, id) {beyond} cast(:after as uuid)
"""
_OF_DOCUMENT = """
    select coalesce(merged_into, id) from people where id_lookup = any(cast(:lookups as bytea[]))
"""
# what is compared is what is shown: the record to those who see it, to others their own department's report
_OF_CONTACT = f"""
    select p.id from (
        select coalesce(merged_into, id) as id from people where contact_lookup = any(cast(:lookups as bytea[]))
        union
        select coalesce(m.merged_into, m.id) from person_reports w join people m on m.id = w.person_id
        where w.department = :department and w.contact_lookup = any(cast(:lookups as bytea[]))
    ) found join people p on p.id = found.id {reach.ALL_IDS} {reach.WITH_REPORT}
    where (record.is_seen and p.contact_lookup = any(cast(:lookups as bytea[])))
        or r.contact_lookup = any(cast(:lookups as bytea[]))
"""
_SHOWN_WITHIN = f"""
    select id from ({reach.SHOWN} where p.id in ({{ids}}) and {reach.IS_REACHED}) shown
    where (cast(:created_from as timestamptz) is null or created_at >= :created_from)
        and (cast(:created_until as timestamptz) is null or created_at < :created_until)
        and (cast(:updated_since as timestamptz) is null or updated_at >= :updated_since)
        and id {{beyond}} cast(:position as uuid)
    order by id {{order}} limit :rows
"""


def list_people(work: Work, *, page: Paging, reported_by: str | None = None) -> dict[str, Any]:
    """People within reach, masked; `reported_by` keeps those a department has reported.

    Who reported a person is shown to the department itself, so of others nothing is found without ``people:all``.
    """
    whose = _reached(work, page, reported_by)
    if whose is None:
        return {"items": [], "next_after": None} | ({"count": {"value": 0, "kind": EXACT}} if page.count else {})
    bound = reach.parameters(work) | {"reported_by": reported_by}
    if page.created_from is page.created_until is page.updated_since is None:
        ids = _ids(work, whose, bound | {"after": _begin(page), "limit": page.limit + 1})
    else:
        ids = _ids(work, _within(page, _reached(work, Paging(), reported_by)), _times(page, bound))
    return _page(work, page, ids) | _count(work, page, _reached(work, Paging(), reported_by), bound)


def search_people(
    work: Work,
    *,
    keys: PeopleKeys,
    page: Paging,
    id_type: str | None = None,
    id_number: str | None = None,
    name: str | None = None,
    phone: str | None = None,
) -> dict[str, Any]:
    """The people within reach of a document, or of a name and a phone, as `list_people`.

    Of a document none or one, or with them a department's own provisional person. Somebody outside reach is as one that is not on
    record. Raises PersonInvalid.
    """
    if id_type is not None and id_number is not None:
        whose, lookups = _OF_DOCUMENT, _document_lookups(work, keys, id_type, id_number)
    else:
        whose, lookups = _OF_CONTACT, _contact_lookups(keys, name or "", phone or "")
    bound = reach.parameters(work) | {"lookups": lookups}
    ids = _ids(work, _within(page, whose), _times(page, bound))
    return _page(work, page, ids) | _count(work, page, whose, bound)


def _document_lookups(work: Work, keys: PeopleKeys, id_type: str, id_number: str) -> list[bytes]:
    identity = read_identity(id_type, id_number, today=work.today)
    if isinstance(identity, Violation):
        raise PersonInvalid(errors=[identity.to_error()])
    return [*keys.lookups(identity), *keys.lookups(identity, only_of=work.caller.department)]


def _contact_lookups(keys: PeopleKeys, name: str, phone: str) -> list[bytes]:
    read = read_name(name), read_phone(phone)
    if wrong := [found.to_error() for found in read if isinstance(found, Violation)]:
        raise PersonInvalid(errors=wrong)
    return keys.contact_lookups(*(str(one) for one in read))


def _reached(work: Work, page: Paging, reported_by: str | None) -> str | None:
    """SQL for the next ids of whom the caller reaches and `reported_by` has reported; None for nobody."""
    beyond, order = ("<", "desc") if page.is_descending else (">", "asc")
    if work.caller.person_id is not None:
        return _ONESELF.format(beyond=beyond)
    if reported_by is None:
        is_everybodys = reach.is_everybodys(work)
        return (
            _ALL.format(beyond=beyond, order=order)
            if is_everybodys
            else reach.next_ids(is_descending=page.is_descending)
        )
    is_shown = reach.is_everybodys(work) or reported_by == work.caller.department
    return _REPORTED.format(beyond=beyond, order=order) if is_shown else None


def _within(page: Paging, ids: str | None) -> str:
    """SQL for the next of these ids whose times are the page's."""
    beyond, order = ("<", "desc") if page.is_descending else (">", "asc")
    return _SHOWN_WITHIN.format(ids=ids, beyond=beyond, order=order)


def _times(page: Paging, bound: dict[str, Any]) -> dict[str, Any]:
    """The parameters of `_within`; the candidates are all of them, from the first on."""
    times = {name: getattr(page, name) for name in ("created_from", "created_until", "updated_since")}
    return bound | times | {"after": _FIRST, "limit": None, "position": _begin(page), "rows": page.limit + 1}


def _begin(page: Paging) -> str:
    if page.after is not None:
        return str(page.after["id"])
    return _LAST if page.is_descending else _FIRST


def _ids(work: Work, statement: str, bound: dict[str, Any]) -> Sequence[UUID]:
    return work.session.connection().execute(_text(statement), bound).scalars().all()


def _page(work: Work, page: Paging, ids: Sequence[UUID]) -> dict[str, Any]:
    bound = reach.parameters(work) | {"ids": [str(one) for one in ids[: page.limit]]}
    rows = work.session.connection().execute(_text(_SEVERAL), bound).mappings()
    items = sorted((dict(row) for row in rows), key=lambda row: row["id"], reverse=page.is_descending)
    return {"items": items, "next_after": {"id": ids[page.limit - 1]} if len(ids) > page.limit else None}


def _count(work: Work, page: Paging, ids: str | None, bound: dict[str, Any]) -> dict[str, Any]:
    """Counted up to a limit and never estimated: how many there are outside reach must not be learned."""
    if page.count is None:
        return {}
    counted = f"select count(*) from ({_within(Paging(), ids)}) counted"
    found = _times(page, bound) | {"position": _FIRST, "rows": MOST_COUNTED + 1}
    value = int(work.session.connection().execute(_text(counted), found).scalar_one())
    return {"count": {"value": min(value, MOST_COUNTED), "kind": EXACT if value <= MOST_COUNTED else AT_LEAST}}


@functools.cache
def _text(statement: str) -> TextClause:
    return text(statement)
