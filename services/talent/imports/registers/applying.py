"""Applying rows of a register's file: the organisations each names, then the entries of all, a verdict for each.

Lives here: one chunk within one unit of work. Not here: which rows, and whether it is committed (``chassis.imports.job``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from chassis.imports.kinds import Line, Verdict
from chassis.imports.reading import shown
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from contracts.language.violations import Violation
from services.talent import organisations
from services.talent.organisations.lookups import find_organisations
from services.talent.organisations.rules.credit_codes import read_credit_code
from services.talent.organisations.rules.names import name_key
from services.talent.registers import EntryRow, report_entries
from services.talent.registers.kinds import get_kind
from services.talent.registers.reports import PartyRow
from services.talent.registers.rules import FIELDS, PARTIES, PERSON, Kind

LONGEST_NAME = 200
NO_REPORTER = Violation("", "not_a_reporter", "本部门不报送此台账。", "Your department does not report this register.")


@dataclass(frozen=True)
class _Named:
    """An organisation as a row names it. `new_kind`: the kind it is registered as where it is unknown; None: it is not."""

    column: str
    name: str
    code: str | None = None
    new_kind: str | None = None

    @property
    def texts(self) -> list[str]:
        """What it may be known by, the surest first."""
        return [self.code, self.name] if self.code else [self.name]


def apply_entries(
    work: Work, lines: Sequence[Line], *, kind_key: str, names: dict[str, str], organisation_id: UUID | None
) -> list[Verdict]:
    """Apply lines as ``chassis.imports.reading`` gives them; one verdict per line, in their order.

    `names` are the Chinese names of the columns. No line raises: what is wrong with one is its own verdict.
    """
    verdicts = [Verdict(row=line["row"], violations=list(line.get("violations", ()))) for line in lines]
    kind = get_kind(work, kind_key)
    if work.caller.department not in kind.reporters:
        for verdict in verdicts:
            verdict.violations = [shown(NO_REPORTER, names)]
        return verdicts
    rows = {n: line["values"] for n, line in enumerate(lines) if "values" in line}
    places = _places(work, [named for row in rows.values() for named in _named(kind, row)])
    positions, entries = [], []
    for n, row in rows.items():
        wrong = [place for named in _named(kind, row) if isinstance(place := places[named], Violation)]
        if wrong:
            verdicts[n].violations += [shown(violation, names) for violation in wrong]
        else:
            positions.append(n)
            entries.append(_entry(kind, row, places))
    for n, outcome in zip(positions, report_entries(work, entries), strict=True):
        verdicts[n].verdict, verdicts[n].record_id = outcome.verdict, outcome.entry_id
        verdicts[n].violations += [shown(violation, names) for violation in outcome.violations]
    return verdicts


def _entry(kind: Kind, row: Mapping[str, Any], places: Mapping[_Named, Any]) -> EntryRow:
    of_fields = {named.column.partition("/")[2]: places[named] for named in _of_fields(kind, row)}
    return EntryRow(
        kind_key=kind.key,
        title=row["title"],
        county=row["county"],
        days={key: dt.date.fromisoformat(day) for key, day in row["days"].items()},
        parties=[PartyRow(role, places[named], None) for role, named in _of_parties(kind, row)],
        values={**row["fields"], **{key: str(organisation_id) for key, organisation_id in of_fields.items()}},
    )


def _named(kind: Kind, row: Mapping[str, Any]) -> list[_Named]:
    return [named for _, named in _of_parties(kind, row)] + _of_fields(kind, row)


def _of_parties(kind: Kind, row: Mapping[str, Any]) -> Iterable[tuple[str, _Named]]:
    for role in kind.parties:
        key = role["role"]
        codes = row["codes"].get(key, [])
        new_kind = next((one for one in role["of"] if one != PERSON), None) if role["may_be_new"] else None
        for position, name in enumerate(row["parties"].get(key, ())):
            code = codes[position].strip() if position < len(codes) else ""
            yield key, _Named(f"{PARTIES}/{key}", name, code or None, new_kind)


def _of_fields(kind: Kind, row: Mapping[str, Any]) -> list[_Named]:
    keys = [field["key"] for field in kind.declared if field["type"] == "organisation"]
    return [_Named(f"{FIELDS}/{key}", row["fields"][key]) for key in keys if key in row["fields"]]


def _places(work: Work, wanted: Sequence[_Named]) -> dict[_Named, UUID | Violation]:
    """The organisation each means, or what is wrong with it; unknown ones that may be new are registered."""
    found = find_organisations(work, {text for named in wanted for text in named.texts}) if wanted else {}
    places: dict[_Named, UUID | Violation] = {}
    unknown: dict[tuple[str, str, str], list[_Named]] = {}
    for named in dict.fromkeys(wanted):
        # a code that is known decides; one that is not is that of an organisation not seen yet
        known = found[named.code] if named.code else found[named.name]
        if len(known) == 1:
            places[named] = known[0]
        elif len(known) > 1:
            zh, en = (
                "有多个同名单位，请改填统一社会信用代码。",
                "Several organisations have this name; give the credit code.",
            )
            places[named] = Violation(named.column, "organisation_ambiguous", zh, en)
        elif named.new_kind is None or _is_code(named.name):
            zh, en = "没有登记过这个单位，请核对名称或先登记。", "No such organisation is registered; check the name."
            places[named] = Violation(named.column, "organisation_unknown", zh, en)
        else:
            unknown.setdefault((named.new_kind, name_key(named.name), named.code or ""), []).append(named)
    for _, same in sorted(unknown.items()):  # in one order everywhere, so that two imports wait and never in a circle
        place = _register(work, same[0])
        for named in same:
            places[named] = replace(place, field=named.column) if isinstance(place, Violation) else place
    return places


def _register(work: Work, named: _Named) -> UUID | Violation:
    """Register one that may be new: unconfirmed, and nothing follows from it before the city office confirms it."""
    if len(named.name) > LONGEST_NAME:
        zh, en = f"长度不得超过 {LONGEST_NAME}。", f"Must not be longer than {LONGEST_NAME}."
        return Violation(named.column, "too_long", zh, en)
    if named.code and isinstance(wrong := read_credit_code(named.code), Violation):
        return wrong
    try:
        made = organisations.register_organisation(
            work, kind=str(named.new_kind), name=named.name, uscc=named.code, trusted_departments=[]
        )
    except Refusal as refusal:
        return Violation(named.column, refusal.code.partition(".")[2], refusal.zh, refusal.en)
    return UUID(str(made["id"]))


def _is_code(text: str) -> bool:
    return not isinstance(read_credit_code(text), Violation)
