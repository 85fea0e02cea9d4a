"""Affiliations (身份关系): what a person is to an organisation — student, staff … — for a half-open period.

A report by a department the organisation trusts is confirmed at once; others wait for one. Each department's values stay as
its own; a differing report never overwrites. Lives here: reporting, confirming, ending, reading. The law is in
``affiliations.rules``. Source: architecture, "Affiliations".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from chassis.ground.logs import redact
from chassis.rebuilding import republish
from chassis.store import records
from chassis.store.pages import narrowed, read_page
from chassis.store.work import Work
from contracts.language.paging import Paging
from contracts.language.refusals import Refusal
from contracts.vocabulary import CONFIRMED, ENDED, REPORTED
from services.talent import organisations
from services.talent.affiliations import figures
from services.talent.affiliations import statements as rows
from services.talent.affiliations.reports import AffiliationRow, AffiliationVerdict, report_affiliations
from services.talent.affiliations.statements import AffiliationRecord
from services.talent.affiliations.tables import Affiliation, AffiliationReport
from services.talent.organisations import lookups
from services.talent.people import PersonNotFound, reach
from services.talent.rules.periods import is_over

__all__ = ["AffiliationRow", "AffiliationVerdict", "report_affiliations"]

ENDED_AT_ONCE = 500

TABLE: Table = Affiliation.__table__  # type: ignore[assignment]


class AffiliationNotFound(Refusal):
    """No affiliation has this id."""

    kind = "not_found"
    code = "talent.affiliation_not_found"
    zh = "未找到该身份关系。"
    en = "There is no such affiliation."


class AffiliationInvalid(Refusal):
    """The role or the period breaks a rule; `errors` says which."""

    kind = "invalid"
    code = "talent.affiliation_invalid"
    zh = "身份关系信息不符合要求。"
    en = "The affiliation is not valid."


class DepartmentNotTrusted(Refusal):
    """The organisation does not trust the caller's department with this."""

    kind = "forbidden"
    code = "talent.department_not_trusted"
    zh = "该单位未授权本部门办理此事。"
    en = "The organisation does not trust your department with this."


class AffiliationEnded(Refusal):
    """It has ended already."""

    kind = "conflict"
    code = "talent.affiliation_ended"
    zh = "该身份关系已于 {until_on} 结束。"
    en = "The affiliation ended on {until_on}."


class EndsBeforeItBegan(Refusal):
    """It cannot end before it began."""

    kind = "invalid"
    code = "talent.affiliation_ends_before_it_began"
    zh = "结束日期不能早于开始日期 {from_on}。"
    en = "It cannot end before it began, on {from_on}."


def report_affiliation(
    work: Work,
    *,
    person_id: UUID,
    organisation_id: UUID,
    role: str,
    from_on: dt.date,
    until_on: dt.date | None = None,
    state: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Report one affiliation; the answer's `verdict` says whether it is new, known or differs from the record.

    Raises PersonNotFound, OrganisationNotFound, AffiliationInvalid.
    """
    row = AffiliationRow(person_id, organisation_id, role, from_on, until_on, state, values or {})
    (done,) = report_affiliations(work, [row])
    if done.affiliation_id is None:
        raise _refusal(done)
    answer = get_affiliation(work, affiliation_id=done.affiliation_id)
    differences = [difference.to_error() for difference in done.violations]
    return answer | {"verdict": done.verdict, "created": done.created, "differences": differences}


def _refusal(done: AffiliationVerdict) -> Refusal:
    wrong = {(violation.field, violation.code) for violation in done.violations}
    if wrong == {("person_id", "person_unknown")}:
        return PersonNotFound()
    if wrong == {("organisation_id", "organisation_unknown")}:
        return organisations.OrganisationNotFound()
    return AffiliationInvalid(errors=[violation.to_error() for violation in done.violations])


def confirm_affiliation(work: Work, *, affiliation_id: UUID) -> dict[str, Any]:
    """Confirm what was reported; confirming twice is the same answer.

    Raises AffiliationNotFound, DepartmentNotTrusted, AffiliationEnded.
    """
    record = _locked(work, affiliation_id)
    if not _is_trusted(work, record):
        raise DepartmentNotTrusted()
    if record.state == ENDED:
        raise AffiliationEnded(until_on=str(record.until_on))
    if record.state == REPORTED:
        confirmed = record.changed(state=CONFIRMED, until_on=record.until_on)
        rows.write_changes(work, [confirmed])
        rows.record_step(work, confirmed, from_state=REPORTED, to_state=CONFIRMED)
        rows.announce(work, confirmed)
    return get_affiliation(work, affiliation_id=affiliation_id)


def end_affiliation(
    work: Work, *, affiliation_id: UUID, until_on: dt.date | None = None, reason: str | None = None
) -> dict[str, Any]:
    """End it on `until_on`, the first day it no longer holds; today without one. A day to come only sets the end,
    the day it was to begin calls it off.

    An unconfirmed claim may be withdrawn by a department that reported it. `reason` must not name anyone.
    Raises AffiliationNotFound, DepartmentNotTrusted, AffiliationEnded, EndsBeforeItBegan.
    """
    record = _locked(work, affiliation_id)
    if not (_is_trusted(work, record) or (record.state == REPORTED and record.reported is not None)):
        raise DepartmentNotTrusted()
    end = until_on or max(work.today, record.from_on)
    if record.state == ENDED and record.until_on != end and until_on is not None:
        raise AffiliationEnded(until_on=str(record.until_on))
    if end < record.from_on:
        raise EndsBeforeItBegan(from_on=str(record.from_on))
    is_called_off = end == record.from_on
    state = ENDED if is_called_off or is_over(end, today=work.today) else record.state
    if record.state != ENDED and (state, end) != (record.state, record.until_on):
        _write_end(work, record, record.changed(state=state, until_on=end), reason)
    return get_affiliation(work, affiliation_id=affiliation_id)


def _write_end(work: Work, before: AffiliationRecord, after: AffiliationRecord, reason: str | None) -> None:
    rows.write_changes(work, [after])
    why = redact(reason) if reason else None
    rows.record_step(work, after, from_state=before.state, to_state=after.state, reason=why)
    rows.announce(work, after, event_type=None if after.state == ENDED else rows.CHANGED)


def end_lapsed(work: Work, *, limit: int = ENDED_AT_ONCE) -> bool:
    """End open affiliations whose period has run out, at most `limit`; true when there may be more."""
    due = (
        _records(work)
        .where(Affiliation.state != ENDED, Affiliation.until_on <= work.today)
        .order_by(Affiliation.until_on)
        .limit(limit)
        .with_for_update(of=Affiliation, skip_locked=True)
    )
    lapsed = [rows.of_row(row) for row in work.session.execute(due)]
    if lapsed:
        ended = [record.changed(state=ENDED, until_on=record.until_on) for record in lapsed]
        rows.write_changes(work, ended)
        for before, after in zip(lapsed, ended, strict=True):
            rows.record_step(work, after, from_state=before.state, to_state=ENDED)
            rows.announce(work, after)
    return len(lapsed) == limit


def get_affiliation(work: Work, *, affiliation_id: UUID) -> dict[str, Any]:
    """One affiliation of a person within reach. Raises AffiliationNotFound."""
    statement = _shown(work).where(Affiliation.id == affiliation_id)
    return dict(records.found(work, statement.where(_reached(work)), AffiliationNotFound))


def list_affiliations(
    work: Work,
    *,
    page: Paging,
    person_id: UUID | None = None,
    organisation_id: UUID | None = None,
    role: str | None = None,
    state: str | None = None,
) -> dict[str, Any]:
    """Affiliations of people within reach, oldest first; a filter of None matches any.

    Without a person or an organisation: those the caller's department has reported.
    """
    filters = {"organisation_id": organisation_id, "role": role, "state": state}
    statement = narrowed(_shown(work), Affiliation.__table__.c, filters).where(_reached(work))
    if person_id is not None:
        statement = statement.where(Affiliation.person_id.in_(reach.ids_of(reach.unmerged(person_id))))
    if person_id is None and organisation_id is None and not reach.is_everybodys(work):
        own = select(AffiliationReport.affiliation_id).where(AffiliationReport.department == work.caller.department)
        statement = statement.where(Affiliation.id.in_(own))
    key = (Affiliation.created_at, Affiliation.id)
    return read_page(work.session, statement, page, key=key, updated_at=Affiliation.updated_at)


def _reached(work: Work) -> ColumnElement[bool]:
    return reach.reaches(work, reach.PERSON_ID, Affiliation.organisation_id)


def _shown(work: Work) -> Select[Any]:
    department, at = AffiliationReport.department, AffiliationReport.reported_at
    reported = func.array_agg(aggregate_order_by(department, at, department))
    departments = select(func.coalesce(reported, literal_column("'{}'::text[]")))
    if not reach.is_everybodys(work):
        departments = departments.where(_is_shown_to(work))
    columns = (
        Affiliation.id,
        reach.PERSON_ID.label("person_id"),
        Affiliation.organisation_id,
        Affiliation.role,
        Affiliation.state,
        Affiliation.from_on,
        Affiliation.until_on,
        Affiliation.fields.label("values"),
        Affiliation.version,
        Affiliation.created_at,
        departments.where(AffiliationReport.affiliation_id == Affiliation.id).scalar_subquery().label("reported_by"),
    )
    return reach.with_person(select(*columns), Affiliation.person_id)


def _is_shown_to(work: Work) -> ColumnElement[bool]:
    """Who else has reported it is shown to the departments its organisation trusts."""
    is_own = AffiliationReport.department == work.caller.department
    return or_(is_own, lookups.trusts(work.caller.department, Affiliation.organisation_id))


def _records(work: Work) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Affiliation.id,
        Affiliation.person_id,
        Affiliation.organisation_id,
        Affiliation.role,
        Affiliation.state,
        Affiliation.from_on,
        Affiliation.until_on,
        Affiliation.fields,
        Affiliation.open_fields,
        Affiliation.version,
        AffiliationReport.from_on.label("reported_from_on"),
        AffiliationReport.until_on.label("reported_until_on"),
    )
    return select(*columns).outerjoin(
        AffiliationReport,
        (AffiliationReport.affiliation_id == Affiliation.id) & (AffiliationReport.department == work.caller.department),
    )


def _locked(work: Work, affiliation_id: UUID) -> AffiliationRecord:
    found = reach.with_person(_records(work), Affiliation.person_id)
    statement = found.where(Affiliation.id == affiliation_id, _reached(work)).with_for_update(of=Affiliation)
    return rows.of_row(records.found_row(work, statement, AffiliationNotFound))


def _is_trusted(work: Work, record: AffiliationRecord) -> bool:
    return work.caller.department in lookups.trusted_departments(work, [record.organisation_id])[record.organisation_id]


SOURCES = {"affiliation": republish.reader(TABLE, lambda row: rows.EVENT_OF_STATE[row.state], rows.stated)}
COUNTERS = figures.COUNTERS
