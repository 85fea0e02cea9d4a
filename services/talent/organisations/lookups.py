"""What other subjects look up of organisations: whom they trust, whether they are confirmed, which one a text names."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, text

from chassis.store.work import Work
from services.talent.organisations.rules.names import name_key
from services.talent.organisations.tables import Organisation

_TRUSTED = text(
    """
    select id, case when confirmed_at is null then '{}' else trusted_departments end as trusted_departments
    from organisations where id = any(cast(:ids as uuid[]))
    """
)


def trusted_departments(work: Work, ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """The departments each organisation trusts, none while it is unconfirmed; ids of no organisation are missing."""
    rows = work.session.connection().execute(_TRUSTED, {"ids": [str(one) for one in set(ids)]})
    return {row.id: row.trusted_departments for row in rows}


def trusts(department: str, organisation_id: Any) -> ColumnElement[bool]:
    """Condition: the organisation is confirmed and trusts the department, however deep in a statement it stands."""
    trusting = select(Organisation.id).where(
        Organisation.id == organisation_id,
        Organisation.confirmed_at.is_not(None),
        Organisation.trusted_departments.contains([department]),
    )
    # by itself it correlates one level up alone, and would mean any organisation of the statement further down
    return trusting.correlate_except(Organisation).exists()


def known(work: Work, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the ids that are organisations."""
    return set(trusted_departments(work, ids))


def kinds_of(work: Work, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The kind of each organisation; ids of no organisation are missing."""
    wanted = select(Organisation.id, Organisation.kind).where(Organisation.id.in_(sorted(set(ids))))
    return {row.id: row.kind for row in work.session.execute(wanted)}


def names_of(work: Work, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The name of each organisation; ids of no organisation are missing."""
    wanted = select(Organisation.id, Organisation.name).where(Organisation.id.in_(sorted(set(ids))))
    return {row.id: row.name for row in work.session.execute(wanted)}


def confirmed(work: Work, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the ids that are confirmed organisations."""
    wanted = select(Organisation.id).where(
        Organisation.id.in_(sorted(set(ids))), Organisation.confirmed_at.is_not(None)
    )
    return set(work.session.scalars(wanted))


def find_organisations(work: Work, texts: Collection[str]) -> dict[str, list[UUID]]:
    """The organisations each text names, by credit code or by name in either language: none, one, or several of that name."""
    wanted = {given: name_key(given) for given in texts}
    keys = list(set(wanted.values()))
    statement = select(Organisation.id, Organisation.uscc, Organisation.name_key, Organisation.name_en_key).where(
        or_(Organisation.uscc.in_(keys), Organisation.name_key.in_(keys), Organisation.name_en_key.in_(keys))
    )
    found: dict[str, set[UUID]] = {}
    for organisation_id, *names in work.session.execute(statement):
        for key in names:
            if key is not None:
                found.setdefault(key, set()).add(organisation_id)
    return {given: sorted(found.get(key, ())) for given, key in wanted.items()}
