"""Reporting entries of registers, one or five hundred at a time: the same code for a request and for a file.

Lives here: ``report_entries``. What a report makes of a record is decided in ``registers.rules``; the statements are in
``registers.statements``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from chassis.declared.values import read_values
from chassis.ground.ids import uuid7
from chassis.store.settling import without_repeats
from chassis.store.work import Work
from contracts.language.violations import Violation
from contracts.vocabulary import REJECTED
from services.talent.organisations import lookups
from services.talent.people import reach
from services.talent.registers import rules, stored_kinds
from services.talent.registers import statements as rows
from services.talent.registers.differences import Differing, describe
from services.talent.registers.rules import DAYS, FIELDS, PARTIES, Kind, Party, Report
from services.talent.registers.statements import Entry, Key

REPORTED, CHANGED = "talent.register_entry.reported.v1", "talent.register_entry.changed.v1"


@dataclass(frozen=True, slots=True)
class PartyRow:
    """An organisation or a person in a role: one of the two ids."""

    role: str
    organisation_id: UUID | None = None
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as reported. `days` by name (``agreed_on``), `values` by the keys of the kind's fields."""

    kind_key: str
    title: str | None
    county: str | None
    days: Mapping[str, dt.date | None]
    parties: Sequence[PartyRow]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EntryVerdict:
    """What became of a row; `entry_id` is None exactly when it was rejected. `violations` are why, or where it differs."""

    verdict: str
    entry_id: UUID | None
    created: bool
    violations: list[Violation]


@dataclass(frozen=True, slots=True)
class _Claim:
    position: int
    kind: Kind
    identity: str
    report: Report

    @property
    def key(self) -> Key:
        return self.kind.key, self.identity


@dataclass(frozen=True, slots=True)
class _Known:
    """What the batch refers to: kinds, the kinds of organisations, and the records of people within reach."""

    kinds: Mapping[str, Kind]
    organisations: Mapping[UUID, str]
    people: Mapping[UUID, UUID]


Verdicts = dict[int, EntryVerdict]


def report_entries(work: Work, reported: Sequence[EntryRow]) -> list[EntryVerdict]:
    """Report up to some 500 entries with a fixed number of statements; a verdict for each row, in their order.

    Refuses nothing: what is wrong with a row is its verdict. Rows of one natural key are applied one after the other.
    """
    verdicts: Verdicts = {}
    known = _look_up(work, reported)
    claims = []
    for position, row in enumerate(reported):
        claim, wrong = _read(work, position, row, known)
        if wrong or claim is None:
            verdicts[position] = EntryVerdict(REJECTED, None, created=False, violations=wrong)
        else:
            claims.append(claim)
    for batch in without_repeats(claims, key=lambda claim: claim.key):
        _report(work, batch, verdicts)
    return [verdicts[position] for position in range(len(reported))]


def _look_up(work: Work, reported: Sequence[EntryRow]) -> _Known:
    found = stored_kinds.kept_still(work, {row.kind_key for row in reported})
    parties = [party for row in reported for party in row.parties]
    organisations = {party.organisation_id for party in parties if party.organisation_id is not None}
    for row in reported:
        if (kind := found.get(row.kind_key)) is not None:
            organisations |= set(_organisations_of(kind, row.values).values())
    people = {party.person_id for party in parties if party.person_id is not None}
    return _Known(
        kinds=found,
        organisations=lookups.kinds_of(work, organisations) if organisations else {},
        people=reach.records_of(work, people) if people else {},
    )


def _organisations_of(kind: Kind, values: Mapping[str, Any]) -> dict[str, UUID]:
    """The organisations that fields of this type name, by key; what is no id is refused elsewhere."""
    keys = {field["key"] for field in kind.declared if field["type"] == "organisation"}
    found = {}
    for key in keys & values.keys():
        try:
            found[key] = UUID(str(values[key]))
        except ValueError:
            continue
    return found


def _read(work: Work, position: int, row: EntryRow, known: _Known) -> tuple[_Claim | None, list[Violation]]:
    """The claim of a row, or what is wrong with it."""
    kind = known.kinds.get(row.kind_key)
    if kind is None:
        zh, en = "未找到该台账类别。", "There is no such kind of register."
        return None, [Violation("kind_key", "kind_unknown", zh, en)]
    if work.caller.department not in kind.reporters:
        zh, en = "本部门不在该台账的报送部门之列。", "Your department is not among the register's reporters."
        return None, [Violation("kind_key", "not_a_reporter", zh, en)]
    values, wrong = read_values(kind.declared, row.values)
    parties, unknown = _read_parties(row.parties, known)
    wrong += unknown
    for key, organisation_id in sorted(_organisations_of(kind, values).items()):
        if organisation_id not in known.organisations:
            wrong.append(_organisation_unknown(f"{FIELDS}/{key}"))
    title = (row.title or "").strip() or None
    report = Report(title, row.county, tuple(row.days.get(name) for name in DAYS), values, parties)
    wrong += rules.check_report(kind, report, today=work.today)
    wrong += rules.check_party_kinds(kind, parties, known.organisations)
    return _Claim(position, kind, rules.identity(kind, report), report), _first_of_each_field(wrong)


def _first_of_each_field(wrong: Iterable[Violation]) -> list[Violation]:
    found: dict[str, Violation] = {}
    for violation in wrong:
        found.setdefault(violation.field, violation)
    return list(found.values())


def _read_parties(reported: Sequence[PartyRow], known: _Known) -> tuple[tuple[Party, ...], list[Violation]]:
    parties, wrong = set(), []
    for row in reported:
        if row.person_id is not None:
            record_id = known.people.get(row.person_id)
            if record_id is None:
                zh, en = "未找到该人员。", "There is no such person."
                wrong.append(Violation(f"{PARTIES}/{row.role}", "person_unknown", zh, en))
            parties.add(Party(row.role, record_id or row.person_id, is_person=True))
        elif row.organisation_id is not None:
            if row.organisation_id not in known.organisations:
                wrong.append(_organisation_unknown(f"{PARTIES}/{row.role}"))
            parties.add(Party(row.role, row.organisation_id))
    return tuple(sorted(parties)), wrong


def _organisation_unknown(field: str) -> Violation:
    return Violation(field, "organisation_unknown", "未找到该单位。", "There is no such organisation.")


def _report(work: Work, claims: list[_Claim], verdicts: Verdicts) -> None:
    """Write a batch without repeats: insert what is new, lock what is known, make each record again of its reports."""
    department = work.caller.department
    new = {
        claim.position: Entry(
            uuid7(),
            *claim.key,
            record=rules.merged(claim.kind, {department: claim.report}),
            reports={department: claim.report},
        )
        for claim in claims
    }
    inserted = rows.insert(work, list(new.values())) if new else set()
    known = rows.lock(work, [claim.key for claim in claims if new[claim.position].id not in inserted])
    differing: list[Differing] = []
    changes: list[tuple[Entry, Entry]] = []
    to_keep: list[tuple[UUID, Report]] = []
    for claim in claims:
        before = known.get(claim.key)
        after = new[claim.position] if before is None else remade(before, claim.kind, {department: claim.report})
        own = before.reports.get(department) if before else None
        columns = rules.differing(after.record, claim.report)
        outcome = rules.verdict(own, claim.report, columns)
        verdicts[claim.position] = EntryVerdict(outcome, after.id, created=before is None, violations=[])
        if columns:
            differing.append(Differing(claim.position, claim.kind, columns, after.record, claim.report))
        if own != claim.report:
            to_keep.append((after.id, claim.report))
        if before is not None and after.version != before.version:
            changes.append((before, after))
    _write(work, [entry for entry in new.values() if entry.id in inserted], changes, to_keep)
    for position, violations in describe(work, differing).items():
        verdicts[position] = replace(verdicts[position], violations=violations)


def remade(before: Entry, kind: Kind, reported: Mapping[str, Report]) -> Entry:
    """An entry with these further reports: the next version where its record or its reporters change, else the same."""
    reports = {**before.reports, **reported}
    record = rules.merged(kind, reports)
    is_changed = record != before.record or reports.keys() != before.reports.keys()
    return replace(before, record=record, reports=reports, version=before.version + is_changed)


def _write(
    work: Work,
    created: Sequence[Entry],
    changes: Sequence[tuple[Entry, Entry]],
    to_keep: Sequence[tuple[UUID, Report]],
) -> None:
    rows.add_parties(work, created)
    write_changes(work, changes)
    if to_keep:
        rows.keep_reports(work, to_keep)
    for entry in created:
        rows.record_step(work, entry, before=None)
        rows.announce(work, REPORTED, entry)


def write_changes(work: Work, changes: Sequence[tuple[Entry, Entry]]) -> None:
    """Store what has changed of locked entries, with its step in the history and its event."""
    if changes:
        rows.write_changes(work, [after for _, after in changes])
    for before, after in changes:
        rows.record_step(work, after, before=before)
        rows.announce(work, CHANGED, after)
