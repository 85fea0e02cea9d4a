"""The law of facts (核验事实): when one holds, what a report makes of those there are, and what of one is announced.

One department's facts of one person and kind follow one another: each ends on the day the next begins, if not before. So the same
reports make the same facts in any order. Source: programmes, M2.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.language.violations import Violation
from contracts.vocabulary import CONFIRMED, ENDED
from services.talent.rules.periods import check_period, is_over

PERSON, ORGANISATION = "person", "organisation"
#: The types of fields whose values an event carries: none of them names anybody.
ANNOUNCED_TYPES = frozenset({"choice", "yes_no", "number", "day", "month", "county", "money"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fact; `declared` as in ``contracts.talent.facts``."""

    key: str
    name: Mapping[str, str]
    programme: str
    declared: Sequence[Mapping[str, Any]]
    confirmed_by: Sequence[str]
    holds_months: int | None
    version: int


@dataclass(frozen=True, slots=True)
class Held:
    """What is on record of a fact, or is to be."""

    state: str
    from_on: date
    until_on: date | None
    values: Mapping[str, Any]


def check_kind(kind: Kind) -> list[Violation]:
    """Everything wrong with a kind by itself; its shape has been read by the schema."""
    found = []
    seen: set[str] = set()
    for number, field in enumerate(kind.declared):
        if field["key"] in seen:
            zh, en = "与另一字段同名。", "Another field has this key."
            found.append(Violation(f"fields/{number}/key", "name_taken", zh, en))
        seen.add(field["key"])
        if field["type"] == PERSON:
            zh, en = "事实只涉及其本人，不得另含人员。", "A fact is of one person; no field names another."
            found.append(Violation(f"fields/{number}/type", "person_in_fact", zh, en))
    if len(set(kind.confirmed_by)) < len(kind.confirmed_by):
        found.append(Violation("confirmed_by", "duplicate", "部门重复。", "A department stands twice."))
    return found


def check_change(before: Kind, after: Kind, used: Collection[str]) -> list[Violation]:
    """What facts of `before` hold fast and `after` would change; `used` are the keys of fields that have values."""
    types = {field["key"]: field["type"] for field in after.declared}
    found = []
    for field in before.declared:
        if field["key"] in used and types.get(field["key"]) != field["type"]:
            zh, en = f"字段 {field['key']} 已有数据，其类型不能更改。", f"Facts use {field['key']}; its type stays."
            found.append(Violation("fields", "field_stays", zh, en))
    return found


def check_report(from_on: date, until_on: date | None, *, today: date) -> list[Violation]:
    """What is wrong with the days of a report."""
    found = check_period(from_on, until_on)
    wrong = [] if found is None else [found]
    if from_on > today:
        zh, en = "事实只能在其成立之日起报送。", "A fact is reported once it holds, not before."
        wrong.append(Violation("from_on", "not_yet", zh, en))
    return wrong


def months_after(day: date, months: int) -> date:
    """The same day that many months later, or the first of the next month where a month has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if day.day > calendar.monthrange(year, month + 1)[1]:
        year, month = divmod(year * 12 + month + 1, 12)
        return date(year, month + 1, 1)
    return date(year, month + 1, day.day)


def reported(
    known: Iterable[Held],
    kind: Kind,
    *,
    from_on: date,
    until_on: date | None,
    values: Mapping[str, Any],
    today: date,
) -> Held:
    """What a report makes of its fact. `known`: the department's facts of this person and kind."""
    before = next((held for held in known if held.from_on == from_on), None)
    end = until_on
    if end is None and before is not None:
        end = before.until_on
    elif end is None and kind.holds_months is not None:
        end = months_after(from_on, kind.holds_months)
    following = min((held.from_on for held in known if held.from_on > from_on), default=None)
    end = min((day for day in (end, following) if day is not None), default=None)
    return Held(_state(end, today), from_on, end, values)


def cut_short(held: Held, *, by: date, today: date) -> Held | None:
    """A fact that another begins after, on `by`: None where it has ended by then, or begins later itself."""
    if held.from_on >= by or is_over(held.until_on, today=by):
        return None
    return Held(_state(by, today), held.from_on, by, held.values)


def _state(until_on: date | None, today: date) -> str:
    return ENDED if is_over(until_on, today=today) else CONFIRMED


def announced(declared: Iterable[Mapping[str, Any]], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values an event carries."""
    types = {field["key"]: field["type"] for field in declared}
    return {key: value for key, value in values.items() if types.get(key) in ANNOUNCED_TYPES}
