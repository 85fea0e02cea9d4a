"""Organisations (单位): universities, scenic areas, enterprises … and which departments each trusts to speak for it.

An organisation is known by its credit code (统一社会信用代码), or, where none is given, by kind and name. Whoever registers
it is trusted unless the registration says otherwise. Who may register it, ``registry:govern`` aside, makes it unconfirmed:
nothing follows from it until the city office confirms it. Not here: sets of organisations (``organisations.sets``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, func, or_, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.exc import IntegrityError

from chassis.ground.ids import uuid7
from chassis.rebuilding import republish
from chassis.store import records
from chassis.store.pages import read_page
from chassis.store.versions import check_version
from chassis.store.work import PLATFORM, Work
from contracts.language.paging import Paging
from contracts.language.refusals import Refusal
from contracts.language.violations import Violation
from services.talent.organisations import figures
from services.talent.organisations.rules.credit_codes import read_credit_code
from services.talent.organisations.rules.names import name_key
from services.talent.organisations.tables import Organisation, OrganisationReport

ACTIVE, CLOSED = "active", "closed"
CHANGED = "talent.organisation.changed.v1"
TABLE: Table = Organisation.__table__  # type: ignore[assignment]


class OrganisationNotFound(Refusal):
    """No organisation has this id."""

    kind = "not_found"
    code = "talent.organisation_not_found"
    zh = "未找到该单位。"
    en = "There is no such organisation."


class OrganisationInvalid(Refusal):
    """The credit code breaks a rule; `errors` says which."""

    kind = "invalid"
    code = "talent.organisation_invalid"
    zh = "单位信息不符合要求。"
    en = "The organisation is not valid."


class OrganisationAmbiguous(Refusal):
    """Several organisations of this kind have the name."""

    kind = "conflict"
    code = "talent.organisation_ambiguous"
    zh = "有多个同类单位使用此名称，请提供统一社会信用代码。"
    en = "Several organisations of this kind have the name. Give the credit code."


class CreditCodeTaken(Refusal):
    """Another organisation has the credit code (or, without one, the name)."""

    kind = "conflict"
    code = "talent.credit_code_taken"
    zh = "该统一社会信用代码或名称已属于另一个单位。"
    en = "Another organisation has this credit code or name."


GOVERN = "registry:govern"
#: What a trusted department may change of a confirmed organisation; all else is the city office's.
_OPEN = frozenset({"attributes"})


class NotYourOrganisation(Refusal):
    """The city office alone changes what counts for everybody; until it confirms, the one department that reported may."""

    kind = "forbidden"
    code = "talent.not_your_organisation"
    zh = "该单位的名称、统一社会信用代码、授权部门与状态只能由主管部门变更；其授权部门可修改附加信息。"
    en = "Only the city office changes its name, credit code, trust and status; departments it trusts may change attributes."


def register_organisation(
    work: Work,
    *,
    kind: str,
    name: str,
    name_en: str | None = None,
    uscc: str | None = None,
    trusted_departments: list[str] | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The organisation of a credit code (or of kind and name): a new record, or the one there is, unchanged but for its
    reporters; a credit code it lacked is added by those who may change it. Raises OrganisationInvalid, OrganisationAmbiguous.
    """
    code = _read_code(uscc)
    # two registrations of one name wait for one another: one of them may lack the code
    lock = text("""select pg_advisory_xact_lock(hashtextextended(:name, 0))""")
    work.session.connection().execute(lock, {"name": f"organisation {kind} {name_key(name)}"})
    row = {
        "id": uuid7(),
        "kind": kind,
        "uscc": code,
        **_names({"name": name.strip(), "name_en": name_en}),
        "trusted_departments": [work.caller.department] if trusted_departments is None else trusted_departments,
        "attributes": dict(attributes or {}),
        "status": ACTIVE,
        "version": 1,
        "created_at": work.now,
        "updated_at": work.now,
        "confirmed_at": work.now if _governs(work) else None,
    }
    organisation_id, created = _find_or_insert(work, row)
    _add_reporter(work, organisation_id)
    return get_organisation(work, organisation_id=organisation_id) | {"created": created}


def _find_or_insert(work: Work, row: dict[str, Any]) -> tuple[UUID, bool]:
    known = _known(work, row)
    if known is None:
        added = work.session.execute(
            insert(Organisation).values(row).on_conflict_do_nothing().returning(Organisation.id)
        ).scalar()
        if added is not None:
            work.record("organisation", added, from_state=None, to_state=ACTIVE)
            _announce(work, "talent.organisation.registered.v1", row)
            return added, True
        known = _known(work, row)
    if known is None:
        raise OrganisationAmbiguous()
    if known["uscc"] is None and row["uscc"] is not None and _may_change(work, known, {"uscc"}):
        _write(work, known, {"uscc": row["uscc"]})
    return known["id"], False


def _known(work: Work, row: dict[str, Any]) -> dict[str, Any] | None:
    same_name = (Organisation.kind == row["kind"]) & (Organisation.name_key == row["name_key"])
    if row["uscc"] is None:
        found = _rows(work, select(TABLE).where(same_name).limit(2))
        if len(found) > 1:
            raise OrganisationAmbiguous()
        return found[0] if found else None
    by_code = Organisation.uscc == row["uscc"]
    statement = select(TABLE).where(or_(by_code, same_name & Organisation.uscc.is_(None)))
    return next(iter(_rows(work, statement.order_by(Organisation.uscc.nulls_last()))), None)


def change_organisation(
    work: Work, *, organisation_id: UUID, version: int, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Change name, English name, credit code, trusted departments, attributes (merged, null removes) or status.

    Raises OrganisationNotFound, VersionStale, OrganisationInvalid, CreditCodeTaken, NotYourOrganisation.
    """
    before = records.found(work, select(TABLE).where(TABLE.c.id == organisation_id), OrganisationNotFound)
    check_version(before["version"], version)
    values = {**changes, **_names(changes)}
    if "uscc" in changes:
        values["uscc"] = _read_code(changes["uscc"])
    if "attributes" in changes:
        merged = {**before["attributes"], **changes["attributes"]}
        values["attributes"] = {key: value for key, value in merged.items() if value is not None}
    changed = {key: value for key, value in values.items() if value != before[key]}
    if changed and not _may_change(work, before, changed.keys()):
        raise NotYourOrganisation()
    if changed:
        _write(work, before, changed)
    return get_organisation(work, organisation_id=organisation_id)


def confirm_organisation(work: Work, *, organisation_id: UUID) -> dict[str, Any]:
    """Confirm an organisation as it stands, with the departments it trusts; confirming twice is the same answer.

    Raises OrganisationNotFound.
    """
    before = records.found(work, select(TABLE).where(TABLE.c.id == organisation_id), OrganisationNotFound)
    if before["confirmed_at"] is None:
        _write(work, before, {"confirmed_at": work.now})
    return get_organisation(work, organisation_id=organisation_id)


def _governs(work: Work) -> bool:
    return work.caller is PLATFORM or work.caller.may(GOVERN)


def _may_change(work: Work, organisation: Mapping[Any, Any], fields: Iterable[str]) -> bool:
    if _governs(work):
        return True
    if organisation["confirmed_at"] is not None:
        return set(fields) <= _OPEN and work.caller.department in organisation["trusted_departments"]
    reporters = select(OrganisationReport.department).where(OrganisationReport.organisation_id == organisation["id"])
    return work.session.scalars(reporters).all() == [work.caller.department]


def _write(work: Work, before: Mapping[Any, Any], changed: dict[str, Any]) -> None:
    try:
        after = records.write_change(work, TABLE, before, {**changed, "updated_at": work.now})
    except IntegrityError as error:
        raise CreditCodeTaken() from error
    reason = f"changed: {', '.join(sorted(key for key in changed if not key.endswith('_key')))}"
    work.record("organisation", before["id"], from_state=before["status"], to_state=after["status"], reason=reason)
    _announce(work, CHANGED, after)


def get_organisation(work: Work, *, organisation_id: UUID) -> dict[str, Any]:
    """One organisation. Raises OrganisationNotFound."""
    return dict(records.found(work, _shown().where(Organisation.id == organisation_id), OrganisationNotFound))


def list_organisations(
    work: Work,
    *,
    page: Paging,
    kind: str | None = None,
    status: str | None = None,
    q: str | None = None,
) -> dict[str, Any]:
    """Organisations, oldest first; `q` is a part of the name in either language, or the credit code."""
    statement = _shown()
    if kind is not None:
        statement = statement.where(Organisation.kind == kind)
    if status is not None:
        statement = statement.where(Organisation.status == status)
    if q is not None:
        key = name_key(q)
        within = [
            Organisation.name_key.contains(key, autoescape=True),
            Organisation.name_en_key.contains(key, autoescape=True),
        ]
        statement = statement.where(or_(Organisation.uscc == key, *within))
    key_of = (Organisation.created_at, Organisation.id)
    return read_page(work.session, statement, page, key=key_of, updated_at=Organisation.updated_at)


def _read_code(uscc: str | None) -> str | None:
    if uscc is None:
        return None
    code = read_credit_code(uscc)
    if isinstance(code, Violation):
        raise OrganisationInvalid(errors=[code.to_error()])
    return code


def _names(values: Mapping[str, Any]) -> dict[str, Any]:
    """The names among the values, with the keys they are compared by."""
    names = {column: values[column] for column in ("name", "name_en") if column in values}
    return names | {f"{column}_key": name_key(name) if name else None for column, name in names.items()}


def _add_reporter(work: Work, organisation_id: UUID) -> None:
    row = {
        "organisation_id": organisation_id,
        "department": work.caller.department,
        "client_id": work.caller.client_id,
        "reported_at": work.now,
    }
    work.session.execute(insert(OrganisationReport).values(row).on_conflict_do_nothing())


def _shown() -> Select[Any]:
    department, at = OrganisationReport.department, OrganisationReport.reported_at
    departments = select(func.array_agg(aggregate_order_by(department, at, department)))
    return select(
        Organisation.id,
        Organisation.kind,
        Organisation.name,
        Organisation.name_en,
        Organisation.uscc,
        Organisation.trusted_departments,
        Organisation.attributes,
        Organisation.status,
        Organisation.version,
        Organisation.created_at,
        Organisation.confirmed_at,
        departments.where(OrganisationReport.organisation_id == Organisation.id).scalar_subquery().label("reported_by"),
    )


def _rows(work: Work, statement: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in work.session.execute(statement).mappings()]


def stated(row: Mapping[Any, Any]) -> dict[str, Any]:
    """What events say of an organisation."""
    return {"organisation_id": str(row["id"]), **{name: row[name] for name in ("version", "kind", "name", "status")}}


def _announce(work: Work, event_type: str, row: Mapping[Any, Any]) -> None:
    work.announce(event_type, subject_id=row["id"], version=row["version"], data=stated(row))


COUNTERS = figures.COUNTERS
SOURCES = {"organisation": republish.reader(TABLE, lambda row: CHANGED, lambda row: stated(row._mapping))}
