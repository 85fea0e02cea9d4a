"""Applying rows of a roster: the person and the affiliation of each, a verdict for each, a few statements for all.

Lives here: one chunk within one unit of work. Not here: which rows, and whether it is committed (``chassis.imports.job``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.imports.kinds import Line, Verdict
from chassis.imports.reading import shown
from chassis.store.work import Work
from contracts.language.violations import Violation
from services.talent.affiliations import AffiliationRow, report_affiliations
from services.talent.affiliations.roles import Role, all_roles
from services.talent.imports.roster.columns import COLUMN_BY_KEY
from services.talent.imports.roster.roles import names_of
from services.talent.imports.roster.rows import RosterRow
from services.talent.organisations.lookups import find_organisations
from services.talent.people import PersonRow, register_people
from services.talent.people.keys import PeopleKeys
from services.talent.rules.verdicts import row_verdict

_NAMES = {key: column.zh for key, column in COLUMN_BY_KEY.items()}


def apply_roster(work: Work, lines: Sequence[Line], *, keys: PeopleKeys, organisation_id: UUID | None) -> list[Verdict]:
    """Apply lines as ``chassis.imports.reading`` gives them; one verdict per line, in their order.

    `organisation_id` is that of lines that name none. No line raises: what is wrong with one is its own verdict.
    """
    verdicts = [Verdict(row=line["row"], violations=list(line.get("violations", ()))) for line in lines]
    rows = {n: RosterRow.from_json(line["values"]) for n, line in enumerate(lines) if "values" in line}
    roles = all_roles(work)
    names = _NAMES | names_of(roles)
    places = _organisations(work, rows, verdicts, organisation_id)
    fields = _fields(work, rows, {role.key: role for role in roles}, verdicts, names)
    places = {n: place for n, place in places.items() if n in fields}
    people = register_people(
        work,
        [PersonRow(rows[n].name, rows[n].id_type, rows[n].id_number, rows[n].phone, rows[n].email) for n in places],
        keys=keys,
    )
    known: list[tuple[int, str]] = []
    reports = []
    for n, person in zip(places, people, strict=True):
        verdicts[n].violations += [shown(violation, names) for violation in person.violations]
        if person.person_id is None:
            continue
        row = rows[n]
        known.append((n, person.verdict))
        period = (row.from_on, row.until_on)
        reports.append(AffiliationRow(person.person_id, places[n], row.role, *period, values=fields[n]))
    for (n, person_verdict), outcome in zip(known, report_affiliations(work, reports), strict=True):
        verdicts[n].verdict = row_verdict((person_verdict, outcome.verdict))
        verdicts[n].violations += [shown(violation, names) for violation in outcome.violations]
        verdicts[n].record_id = outcome.affiliation_id
    return verdicts


def _organisations(
    work: Work, rows: dict[int, RosterRow], verdicts: list[Verdict], organisation_id: UUID | None
) -> dict[int, UUID]:
    """The organisation of each row; a row that names none we know gets its violation and is left out."""
    named = {row.organisation for row in rows.values() if row.organisation}
    found = find_organisations(work, named) if named else {}
    places: dict[int, UUID] = {}
    for n, row in rows.items():
        candidates = found[row.organisation] if row.organisation else []
        if len(candidates) == 1:
            places[n] = candidates[0]
        elif not row.organisation and organisation_id is not None:
            places[n] = organisation_id
        else:
            verdicts[n].violations.append(shown(_no_organisation(row, len(candidates)), _NAMES))
    return places


def _fields(
    work: Work, rows: dict[int, RosterRow], roles: Mapping[str, Role], verdicts: list[Verdict], names: dict[str, str]
) -> dict[int, dict[str, Any]]:
    """The values of each row's declared fields, with organisations by their ids; a row that names none we know there gets its
    violation and is left out.
    """
    wanted = {
        (n, field["key"]): row.fields[field["key"]]
        for n, row in rows.items()
        if row.role in roles
        for field in roles[row.role].declared
        if field["type"] == "organisation" and row.fields.get(field["key"]) is not None
    }
    found = find_organisations(work, set(wanted.values())) if wanted else {}
    values = {n: dict(row.fields) for n, row in rows.items()}
    for (n, key), text in wanted.items():
        candidates = found[text]
        if len(candidates) == 1:
            values.get(n, {})[key] = str(candidates[0])
        else:
            verdicts[n].violations.append(shown(_not_found(f"fields/{key}", len(candidates)), names))
            values.pop(n, None)
    return values


def _no_organisation(row: RosterRow, count: int) -> Violation:
    if row.organisation is None:
        return Violation("organisation", "required", "必填。", "Required.")
    return _not_found("organisation", count)


def _not_found(column: str, count: int) -> Violation:
    if count == 0:
        zh, en = "没有登记过这个单位，请核对名称或先登记。", "No such organisation is registered; check the name."
        return Violation(column, "organisation_unknown", zh, en)
    zh, en = "有多个同名单位，请改填统一社会信用代码。", "Several organisations have this name; give the credit code."
    return Violation(column, "organisation_ambiguous", zh, en)
