"""Reporting affiliations, one or five hundred at a time: the same code for a request and for a roster.

Lives here: ``report_affiliations``. What a report does is decided in ``affiliations.rules``; the statements are in
``affiliations.statements``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from chassis.declared.values import read_values
from chassis.ground.ids import uuid7
from chassis.store.settling import settle, without_repeats
from chassis.store.work import Work
from contracts.language.violations import Violation
from contracts.vocabulary import CONFIRMED, ENDED, REJECTED
from services.talent.affiliations import roles
from services.talent.affiliations import statements as rows
from services.talent.affiliations.roles import Role
from services.talent.affiliations.rules import (
    Claim,
    Decision,
    Effect,
    check_claim,
    decide,
    differences,
    differing_fields,
    merged,
    path_of_new,
    verdict,
)
from services.talent.affiliations.statements import AffiliationRecord, Key
from services.talent.organisations import lookups
from services.talent.people import reach


@dataclass(frozen=True, slots=True)
class AffiliationRow:
    """An affiliation as reported. `until_on` is the first day it no longer holds; `state` is what the reporter wants. `values`
    are by the keys of the role's fields: those that are not named stay as the department has reported them, None takes one back.
    """

    person_id: UUID
    organisation_id: UUID
    role: str
    from_on: dt.date
    until_on: dt.date | None = None
    state: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)


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
    role: Role
    trusted: Sequence[str]
    department: str

    @property
    def may_confirm(self) -> bool:
        return self.department in self.trusted


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one entry is about to do: `met` is the record it concerns, `after` what a change makes of `met`; `own` are the fields
    its department then has on record, `fields` those of the record.
    """

    entry: _Entry
    effect: Effect
    met: AffiliationRecord | None
    after: AffiliationRecord | None
    own: Mapping[str, Any]
    fields: Mapping[str, Any]

    @property
    def was_reported(self) -> bool:
        """Whether the department's last report on the record met was the same."""
        met, entry = self.met, self.entry
        if self.effect is Effect.CREATE or met is None:
            return False
        return met.reported == entry.claim.period and met.reports.get(entry.department, {}) == self.own


Verdicts = dict[int, AffiliationVerdict]


def report_affiliations(work: Work, reported: Sequence[AffiliationRow]) -> list[AffiliationVerdict]:
    """Report up to some 500 affiliations with a fixed number of statements; a verdict for each row, in their order.

    Refuses nothing: what is wrong with a row is its verdict. Rows of one person, organisation and role are applied one
    after the other.
    """
    verdicts: Verdicts = {}
    known_roles = roles.find_roles(work, {row.role for row in reported})
    named = [_named(row, known_roles.get(row.role)) for row in reported]
    known = reach.records_of(work, {row.person_id for row in reported} | {one for people, _ in named for one in people})
    organisations = {row.organisation_id for row in reported} | {one for _, places in named for one in places}
    trusted = lookups.trusted_departments(work, organisations)
    entries = []
    for position, row in enumerate(reported):
        role = known_roles.get(row.role)
        fields, wrong = _read_fields(row, role, known, trusted.keys())
        claim = Claim(row.from_on, row.until_on, row.state, fields)
        wrong = check_claim(claim, today=work.today) + wrong + _unknown(row, known, trusted.keys())
        if wrong or role is None:
            verdicts[position] = AffiliationVerdict(REJECTED, None, created=False, violations=tuple(wrong))
        else:
            key = (known[row.person_id], row.organisation_id, row.role)
            entries.append(_Entry(position, key, claim, role, trusted[row.organisation_id], work.caller.department))
    for batch in without_repeats(entries, key=lambda entry: entry.key):
        # in one order everywhere, so that two imports wait for one another and never in a circle
        batch.sort(key=lambda entry: entry.key)
        settle(batch, lambda still: _report(work, still, verdicts))
    return [verdicts[position] for position in range(len(reported))]


def _named(row: AffiliationRow, role: Role | None) -> tuple[set[UUID], set[UUID]]:
    """The people and the organisations that fields of a row name; what is no id is refused elsewhere."""
    found: dict[str, set[UUID]] = {"person": set(), "organisation": set()}
    for declared in role.declared if role is not None else ():
        if declared["type"] in found and declared["key"] in row.values:
            with contextlib.suppress(ValueError):
                found[declared["type"]].add(UUID(str(row.values[declared["key"]])))
    return found["person"], found["organisation"]


def _read_fields(
    row: AffiliationRow, role: Role | None, people: Container[UUID], organisations: Container[UUID]
) -> tuple[dict[str, Any], list[Violation]]:
    """The values of a row by the fields of its role, None for one that is taken back, and what is wrong with them."""
    if role is None:
        zh, en = "没有这种身份，请核对。", "There is no such role."
        return {}, [Violation("role", "role_unknown", zh, en)]
    values, wrong = read_values(role.declared, row.values)
    for declared in role.declared:
        known = {"person": people, "organisation": organisations}.get(declared["type"])
        if known is not None and declared["key"] in values and UUID(values[declared["key"]]) not in known:
            what, zh, en = {
                "person": ("person_unknown", "未找到该人员。", "There is no such person."),
                "organisation": ("organisation_unknown", "未找到该单位。", "There is no such organisation."),
            }[declared["type"]]
            wrong.append(Violation(f"fields/{declared['key']}", what, zh, en))
    return {**dict.fromkeys(row.values), **values}, wrong


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
        if not plan.was_reported:
            to_keep.append((affiliation_id, replace(entry.claim, fields=plan.own)))
        found = differing_fields(plan.fields, entry.claim.fields)
        outcome = verdict(plan.effect, was_reported=plan.was_reported, has_other_fields=bool(found))
        if plan.effect is Effect.DIFFER and plan.met:
            found = differences(plan.met.held, entry.claim, plan.met.reported) + found
        verdicts[entry.position] = AffiliationVerdict(outcome, affiliation_id, is_new, found)
    if to_keep:
        rows.keep_reports(work, to_keep)
    return [entry for entry in entries if entry.position in lost]


def _plan(entry: _Entry, known: list[AffiliationRecord], today: dt.date) -> _Plan:
    decision: Decision = decide(
        [record.held for record in known], entry.claim, may_confirm=entry.may_confirm, today=today
    )
    met = known[decision.position] if decision.position is not None else None
    if met is None or decision.effect is Effect.CREATE:
        after = met.changed(state=ENDED, until_on=met.until_on) if met is not None else None
        own = entry.claim.own_fields({})
        return _Plan(entry, decision.effect, met, after, own, own)
    own = entry.claim.own_fields(met.reports.get(entry.department, {}))
    fields = merged({**met.reports, entry.department: own}, entry.trusted)
    state, until_on = met.state, met.until_on
    if decision.effect is Effect.CONFIRM:
        state = CONFIRMED
    elif decision.effect is Effect.END:
        state, until_on = ENDED, entry.claim.until_on
    after = None
    if (state, until_on, fields) != (met.state, met.until_on, met.fields):
        after = replace(
            met.changed(state=state, until_on=until_on), fields=fields, open_fields=entry.role.open_values(fields)
        )
    return _Plan(entry, decision.effect, met, after, own, fields)


def _write_changes(work: Work, plans: list[_Plan]) -> set[int]:
    """Write what plans change; returns the positions of those somebody else has forestalled."""
    changes = [(plan.entry.position, plan.met, plan.after) for plan in plans if plan.met and plan.after]
    if not changes:
        return set()
    written = rows.write_changes(work, [after for _, _, after in changes])
    for _, before, after in changes:
        if after.id in written:
            is_of_fields = after.state == before.state
            why = rows.OF_FIELDS if is_of_fields else None
            rows.record_step(work, after, from_state=before.state, to_state=after.state, reason=why)
            rows.announce(work, after, event_type=rows.CHANGED if is_of_fields and after.state != ENDED else None)
    return {position for position, _, after in changes if after.id not in written}


def _create(work: Work, plans: list[_Plan]) -> dict[int, UUID]:
    """Insert new affiliations; returns their ids by position, without those somebody else has forestalled."""
    paths = {}
    records = []
    for plan in plans:
        claim = plan.entry.claim
        path = path_of_new(claim, may_confirm=plan.entry.may_confirm, today=work.today)
        record = AffiliationRecord(
            *(uuid7(), *plan.entry.key, path[-1], claim.from_on, claim.until_on),
            version=1,
            fields=plan.fields,
            open_fields=plan.entry.role.open_values(plan.fields),
        )
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
