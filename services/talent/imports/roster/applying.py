"""Applying rows of a roster: the person and the affiliation of each, a verdict for each, a few statements for all.

Lives here: one chunk within one unit of work. Not here: which rows, and whether it is committed (``chassis.imports.job``).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from chassis.imports.kinds import Line, Verdict
from chassis.imports.reading import shown
from chassis.store.work import Work
from contracts.language.violations import Violation
from services.talent.affiliations import AffiliationRow, report_affiliations
from services.talent.imports.roster.columns import COLUMN_BY_KEY
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
    places = _organisations(work, rows, verdicts, organisation_id)
    people = register_people(
        work,
        [PersonRow(rows[n].name, rows[n].id_type, rows[n].id_number, rows[n].phone, rows[n].email) for n in places],
        keys=keys,
    )
    known: list[tuple[int, str]] = []
    reports = []
    for n, person in zip(places, people, strict=True):
        verdicts[n].violations += [shown(violation, _NAMES) for violation in person.violations]
        if person.person_id is None:
            continue
        row = rows[n]
        known.append((n, person.verdict))
        reports.append(AffiliationRow(person.person_id, places[n], row.role, row.from_on, row.until_on))
    for (n, person_verdict), outcome in zip(known, report_affiliations(work, reports), strict=True):
        verdicts[n].verdict = row_verdict((person_verdict, outcome.verdict))
        verdicts[n].violations += [shown(violation, _NAMES) for violation in outcome.violations]
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


def _no_organisation(row: RosterRow, count: int) -> Violation:
    if row.organisation is None:
        return Violation("organisation", "required", "必填。", "Required.")
    if count == 0:
        zh, en = "没有登记过这个单位，请核对名称或先登记。", "No such organisation is registered; check the name."
        return Violation("organisation", "organisation_unknown", zh, en)
    zh, en = "有多个同名单位，请改填统一社会信用代码。", "Several organisations have this name; give the credit code."
    return Violation("organisation", "organisation_ambiguous", zh, en)
