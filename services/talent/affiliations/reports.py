"""Reporting affiliations, one or five hundred at a time: the same code for a request and for a roster.

Lives here: ``report_affiliations``. What a report does is decided in ``affiliations.rules``; the statements are in
``affiliations.statements``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.ground.ids import uuid7
from chassis.store.settling import settle, without_repeats
from chassis.store.work import Work
from contracts.language.violations import Violation
from contracts.vocabulary import CONFIRMED, DIFFERS, ENDED, REJECTED
from services.talent.affiliations import statements as rows
from services.talent.affiliations.rules import (
    Claim,
    Decision,
    Effect,
    check_claim,
    decide,
    differences,
    path_of_new,
    verdict,
)
from services.talent.affiliations.statements import AffiliationRecord, Key
from services.talent.organisations import lookups
from services.talent.people import reach


@dataclass(frozen=True, slots=True)
class AffiliationRow:
    """An affiliation as reported. `until_on` is the first day it no longer holds; `state` is what the reporter asks for."""

    person_id: UUID
    organisation_id: UUID
    role: str
    from_on: dt.date
    until_on: dt.date | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class AffiliationVerdict:
    """What became of a row; `affiliation_id` is None exactly when it was rejected. `violations` are why, or where it differs."""

    verdict: str
    affiliation_id: UUID | None
    created: bool
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    position: int
    key: Key
    claim: Claim
    may_confirm: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one entry is about to do: `met` is the record it concerns, `after` what a change makes of `met`."""

    entry: _Entry
    effect: Effect
    met: AffiliationRecord | None
    after: AffiliationRecord | None


Verdicts = dict[int, AffiliationVerdict]


def report_affiliations(work: Work, reported: Sequence[AffiliationRow]) -> list[AffiliationVerdict]:
    """Report up to some 500 affiliations with a fixed number of statements; a verdict for each row, in their order.

    Refuses nothing: what is wrong with a row is its verdict. Rows of one person, organisation and role are applied one
    after the other.
    """
    verdicts: Verdicts = {}
    known = reach.records_of(work, {row.person_id for row in reported})
    trusted = lookups.trusted_departments(work, (row.organisation_id for row in reported))
    entries = []
    for position, row in enumerate(reported):
        claim = Claim(row.from_on, row.until_on, row.state)
        wrong = check_claim(row.role, claim, today=work.today) + _unknown(row, known, trusted.keys())
        if wrong:
            verdicts[position] = AffiliationVerdict(REJECTED, None, created=False, violations=tuple(wrong))
        else:
            may_confirm = work.caller.department in trusted[row.organisation_id]
            key = (known[row.person_id], row.organisation_id, row.role)
            entries.append(_Entry(position, key, claim, may_confirm))
    for batch in without_repeats(entries, key=lambda entry: entry.key):
        # in one order everywhere, so that two imports wait for one another and never in a circle
        batch.sort(key=lambda entry: entry.key)
        settle(batch, lambda still: _report(work, still, verdicts))
    return [verdicts[position] for position in range(len(reported))]


def _unknown(row: AffiliationRow, people: Container[UUID], organisations: Container[UUID]) -> list[Violation]:
    found = []
    if row.person_id not in people:
        found.append(Violation("person_id", "person_unknown", "未找到该人员。", "There is no such person."))
    if row.organisation_id not in organisations:
        found.append(
            Violation("organisation_id", "organisation_unknown", "未找到该单位。", "There is no such organisation.")
        )
    return found


def _report(work: Work, entries: list[_Entry], verdicts: Verdicts) -> list[_Entry]:
    """One round: write what can be written, note the verdicts, return the entries that lost a race."""
    known = rows.find(work, [entry.key for entry in entries])
    plans = [_plan(entry, known.get(entry.key, []), work.today) for entry in entries]
    lost = _write_changes(work, plans)
    creations = [plan for plan in plans if plan.effect is Effect.CREATE and plan.entry.position not in lost]
    created = _create(work, creations) if creations else {}
    to_keep = []
    for plan in plans:
        entry = plan.entry
        is_new = plan.effect is Effect.CREATE
        affiliation_id = created.get(entry.position) if is_new else plan.met.id if plan.met else None
        if entry.position in lost or affiliation_id is None:
            lost.add(entry.position)
            continue
        was_reported = not is_new and plan.met is not None and plan.met.reported == entry.claim.period
        if not was_reported:
            to_keep.append((affiliation_id, entry.claim))
        outcome = verdict(plan.effect, was_reported=was_reported)
        found = differences(plan.met.held, entry.claim, plan.met.reported) if outcome == DIFFERS and plan.met else ()
        verdicts[entry.position] = AffiliationVerdict(outcome, affiliation_id, is_new, found)
    if to_keep:
        rows.keep_reports(work, to_keep)
    return [entry for entry in entries if entry.position in lost]


def _plan(entry: _Entry, known: list[AffiliationRecord], today: dt.date) -> _Plan:
    decision: Decision = decide(
        [record.held for record in known], entry.claim, may_confirm=entry.may_confirm, today=today
    )
    met = known[decision.position] if decision.position is not None else None
    after = None
    if met is not None and decision.effect is Effect.CONFIRM:
        after = met.changed(state=CONFIRMED, until_on=met.until_on)
    elif met is not None and decision.effect is Effect.END:
        after = met.changed(state=ENDED, until_on=entry.claim.until_on)
    elif met is not None and decision.effect is Effect.CREATE:
        after = met.changed(state=ENDED, until_on=met.until_on)
    return _Plan(entry, decision.effect, met, after)


def _write_changes(work: Work, plans: list[_Plan]) -> set[int]:
    """Write what plans change; returns the positions of those somebody else has forestalled."""
    changes = [(plan.entry.position, plan.met, plan.after) for plan in plans if plan.met and plan.after]
    if not changes:
        return set()
    written = rows.write_changes(work, [after for _, _, after in changes])
    for _, before, after in changes:
        if after.id in written:
            rows.record_step(work, after, from_state=before.state, to_state=after.state)
            rows.announce(work, after)
    return {position for position, _, after in changes if after.id not in written}


def _create(work: Work, plans: list[_Plan]) -> dict[int, UUID]:
    """Insert new affiliations; returns their ids by position, without those somebody else has forestalled."""
    paths = {}
    records = []
    for plan in plans:
        claim = plan.entry.claim
        path = path_of_new(claim, may_confirm=plan.entry.may_confirm, today=work.today)
        record = AffiliationRecord(uuid7(), *plan.entry.key, path[-1], claim.from_on, claim.until_on, version=1)
        records.append(record)
        paths[record.id] = path
    written = rows.insert(work, records)
    created = {}
    for plan, record in zip(plans, records, strict=True):
        if record.id in written:
            for before, after in zip((None, *paths[record.id]), paths[record.id], strict=False):
                rows.record_step(work, record, from_state=before, to_state=after)
            rows.announce(work, record)
            created[plan.entry.position] = record.id
    return created
