"""The law of registers (台账): what an entry is known by, which state it is in, and how several reports make one record.

The record is a function of its reports alone: title, county, the days as a whole, each field and the parties as a whole come from
the first department, in the order of the kind's reporters, whose report gives them. So any order, split and duplication of the
same reports makes the same record. Source: programmes, M1; ADR 0028.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from contracts.language.violations import Violation
from contracts.vocabulary import ACCEPTED, DIFFERS, ENTRY_STATES, UNCHANGED
from services.talent.organisations.rules.names import name_key

PERSON = "person"
TITLE, COUNTY, PARTIES, FIELDS = "title", "county", "parties", "fields"
#: The columns of the days, in the order in which states are reached.
DAYS = tuple(f"{state}_on" for state in ENTRY_STATES)
#: A declared field of this key, of type day, is the day an entry expires.
EXPIRES_ON = "expires_on"
#: What no declared field and no role is called: a row of a file has these beside them.
RESERVED = (TITLE, COUNTY, PARTIES, FIELDS, *DAYS)
MAX_TITLE, MAX_PARTIES = 200, 50

_COUNTY = re.compile(r"[1-9][0-9]{5}")
#: The type of a declared field that is a text, and is compared as titles are.
_TEXT = "text"

Days = tuple[date | None, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of register; `declared`, `states` and `parties` as in ``contracts.talent.registers``."""

    key: str
    name: Mapping[str, str]
    programme: str
    declared: Sequence[Mapping[str, Any]]
    natural_key: Sequence[str]
    states: Sequence[Mapping[str, Any]]
    parties: Sequence[Mapping[str, Any]]
    reporters: Sequence[str]
    version: int

    @property
    def is_personal(self) -> bool:
        """Whether a person may be a party: then an entry is shown to its reporters alone."""
        return any(PERSON in role["of"] for role in self.parties)

    def rank(self, department: str) -> tuple[int, str]:
        """Where a department stands among the reporters; one that no longer may report stands last."""
        known = department in self.reporters
        return (self.reporters.index(department) if known else len(self.reporters), department)


@dataclass(frozen=True, slots=True, order=True)
class Party:
    """An organisation or a person in a role."""

    role: str
    party_id: UUID
    is_person: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What one department has on record of an entry, or the record made of all of it. `days` in the order of ``DAYS``, `parties`
    sorted, each once.
    """

    title: str | None
    county: str | None
    days: Days
    fields: Mapping[str, Any]
    parties: tuple[Party, ...]

    @property
    def expires_on(self) -> date | None:
        """The value of the field ``expires_on``, if it has one."""
        value = self.fields.get(EXPIRES_ON)
        return date.fromisoformat(value) if value else None


def identity(kind: Kind, report: Report) -> str:
    """SHA-256 of the natural key: titles and texts as names are compared, parties by their ids, other values as they are kept."""
    texts = {field["key"] for field in kind.declared if field["type"] == _TEXT}
    roles = {role["role"] for role in kind.parties}
    parts: list[Any] = []
    for name in kind.natural_key:
        if name == TITLE:
            parts.append(name_key(report.title or ""))
        elif name in roles:
            parts.append(sorted(str(party.party_id) for party in report.parties if party.role == name))
        else:
            value = report.fields.get(name)
            parts.append(name_key(value) if name in texts and value is not None else value)
    written = json.dumps(parts, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()


def state_on(days: Days, day: date) -> str | None:
    """The last state that was reached by `day`; None before the first."""
    reached = [state for state, on in zip(ENTRY_STATES, days, strict=True) if on is not None and on <= day]
    return reached[-1] if reached else None


def merged(kind: Kind, reports: Mapping[str, Report]) -> Report:
    """The record of an entry: of its reports by department, what the first that gives it has. `reports` are one at least."""
    ordered = [reports[department] for department in sorted(reports, key=kind.rank)]
    fields: dict[str, Any] = {}
    for report in ordered:
        fields = {**report.fields, **fields}
    days = next((report.days for report in ordered if any(report.days)), ordered[0].days)
    return Report(
        title=next((report.title for report in ordered if report.title is not None), _untitled(kind, fields)),
        county=next((report.county for report in ordered if report.county is not None), None),
        days=days,
        fields=fields,
        parties=next((report.parties for report in ordered if report.parties), ()),
    )


def _untitled(kind: Kind, fields: Mapping[str, Any]) -> str:
    """For an entry without a title: the texts it is known by, or nothing."""
    texts = {field["key"] for field in kind.declared if field["type"] == _TEXT}
    return " ".join(fields[name] for name in kind.natural_key if name in texts and name in fields)[:MAX_TITLE]


def differing(record: Report, report: Report) -> list[str]:
    """The columns that a report gives and in which the record has another value; a field as ``fields/<key>``."""
    found = []
    if report.title is not None and name_key(report.title) != name_key(record.title or ""):
        found.append(TITLE)
    if report.county not in (None, record.county):
        found.append(COUNTY)
    if any(report.days):
        both = zip(DAYS, record.days, report.days, strict=True)
        found += [name for name, recorded, reported in both if recorded != reported]
    found += [f"{FIELDS}/{key}" for key, value in sorted(report.fields.items()) if record.fields.get(key) != value]
    if report.parties and report.parties != record.parties:
        found.append(PARTIES)
    return found


def verdict(own: Report | None, report: Report, differences: Sequence[object]) -> str:
    """The verdict of a report; `own` is the department's earlier one."""
    if differences:
        return DIFFERS
    return UNCHANGED if own == report else ACCEPTED


def check_report(kind: Kind, report: Report, *, today: date) -> list[Violation]:
    """Everything wrong with a report by itself; its values have been read by the kind's fields."""
    return [
        *_check_title(report.title),
        *_check_county(report.county),
        *_check_days(kind, report.days, today),
        *_check_parties(kind, report.parties),
        *_check_natural_key(kind, report),
    ]


def _check_title(title: str | None) -> Iterable[Violation]:
    if title is not None and len(title) > MAX_TITLE:
        zh, en = f"长度不得超过 {MAX_TITLE}。", f"Must not be longer than {MAX_TITLE}."
        yield Violation(TITLE, "too_long", zh, en)


def _check_county(county: str | None) -> Iterable[Violation]:
    if county is not None and not _COUNTY.fullmatch(county):
        yield Violation(COUNTY, "wrong_format", "应为六位行政区划代码。", "Must be a division code of six digits.")


def _check_days(kind: Kind, days: Days, today: date) -> Iterable[Violation]:
    states = {state["key"] for state in kind.states}
    given = [(name, state, on) for name, state, on in zip(DAYS, ENTRY_STATES, days, strict=True) if on is not None]
    if not given:
        names = ", ".join(name for name, state in zip(DAYS, ENTRY_STATES, strict=True) if state in states)
        zh, en = f"请至少填写一个日期：{names}。", f"Give one day at least: {names}."
        yield Violation(next(name for name in DAYS if name[:-3] in states), "required", zh, en)
    for name, state, on in given:
        if state not in states:
            yield Violation(name, "state_unknown", "该台账没有此状态。", "The register has no such state.")
        elif on > today:
            zh, en = "应填写已经发生的日期，不能晚于今天。", "A day on which it happened; it cannot be after today."
            yield Violation(name, "day_to_come", zh, en)
    for (_, _, earlier), (name, _, later) in itertools.pairwise(given):
        if later < earlier:
            zh, en = (
                f"不能早于前一状态的日期 {earlier}。",
                f"Cannot be before the day of the state before it, {earlier}.",
            )
            yield Violation(name, "days_out_of_order", zh, en)


def _check_parties(kind: Kind, parties: Sequence[Party]) -> Iterable[Violation]:
    counts = Counter(party.role for party in parties)
    roles = {role["role"]: role for role in kind.parties}
    for unknown in sorted(counts.keys() - roles.keys()):
        yield Violation(
            f"{PARTIES}/{unknown}", "role_unknown", "该台账没有此参与方。", "The register has no such role."
        )
    if len(parties) > MAX_PARTIES:
        zh, en = f"参与方不得超过 {MAX_PARTIES} 个。", f"There are at most {MAX_PARTIES} parties."
        yield Violation(PARTIES, "too_many_parties", zh, en)
    for name, role in roles.items():
        least, most, count = role["least"], role["most"], counts[name]
        if count < least:
            zh, en = f"至少需要 {least} 个，现有 {count} 个。", f"At least {least}; there are {count}."
            yield Violation(f"{PARTIES}/{name}", "too_few_parties", zh, en)
        if most is not None and count > most:
            zh, en = f"最多 {most} 个，现有 {count} 个。", f"At most {most}; there are {count}."
            yield Violation(f"{PARTIES}/{name}", "too_many_parties", zh, en)


def check_party_kinds(kind: Kind, parties: Sequence[Party], organisation_kinds: Mapping[UUID, str]) -> list[Violation]:
    """Parties that the role is not for; unknown parties are not in `organisation_kinds`, and not checked here."""
    allowed = {role["role"]: role["of"] for role in kind.parties}
    found = []
    for party in parties:
        is_of = PERSON if party.is_person else organisation_kinds.get(party.party_id)
        if is_of is not None and party.role in allowed and is_of not in allowed[party.role]:
            of = allowed[party.role]
            zh, en = f"应为下列类别之一：{'、'.join(of)}。", f"Must be of one of these kinds: {', '.join(of)}."
            found.append(Violation(f"{PARTIES}/{party.role}", "wrong_party_kind", zh, en))
    return found


def _check_natural_key(kind: Kind, report: Report) -> Iterable[Violation]:
    roles = {role["role"] for role in kind.parties}
    for name in kind.natural_key:
        if name == TITLE:
            is_given, field = bool(name_key(report.title or "")), TITLE
        elif name in roles:
            is_given, field = any(party.role == name for party in report.parties), f"{PARTIES}/{name}"
        else:
            is_given, field = name in report.fields, f"{FIELDS}/{name}"
        if not is_given:
            zh, en = "必填：以此识别同一条记录。", "Required: the entry is known by it."
            yield Violation(field, "required_by_natural_key", zh, en)
