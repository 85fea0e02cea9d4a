"""The law of affiliations (身份关系): what one report does to what is known of a person at an organisation in a role.

States: reported → confirmed → ended; a claim may also end unconfirmed. A report by a department the organisation trusts is
confirmed at once; others wait. A report that differs never overwrites: only the organisation's own word (a trusted
department's) ends what runs. Source: architecture, "Affiliations".
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

from contracts.language.violations import Violation
from contracts.vocabulary import ACCEPTED, CONFIRMED, DIFFERS, ENDED, REPORTED, UNCHANGED
from services.talent.rules.periods import Period, check_period, is_over


@dataclass(frozen=True, slots=True)
class Claim:
    """What one report says. `state` is what the reporter wants; None leaves it to the law. `fields` are values of the role's
    declared fields: those it does not name stay as the department has reported them, None takes one back.
    """

    from_on: date
    until_on: date | None
    state: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def own_fields(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The fields the department then has on record; `before`: those it had."""
        return {key: value for key, value in {**before, **self.fields}.items() if value is not None}

    @property
    def period(self) -> Period:
        """The half-open period claimed."""
        return self.from_on, self.until_on


@dataclass(frozen=True, slots=True)
class Held:
    """One recorded affiliation of the same person, organisation and role."""

    state: str
    from_on: date
    until_on: date | None

    @property
    def is_open(self) -> bool:
        return self.state != ENDED


class Effect(Enum):
    """What a claim does: CREATE a record, CONFIRM or END the one it meets, or leave it (AGREE, DIFFER)."""

    CREATE = "create"
    CONFIRM = "confirm"
    END = "end"
    AGREE = "agree"
    DIFFER = "differ"


@dataclass(frozen=True, slots=True)
class Decision:
    """The effect, and the position of the record it concerns among those known; for CREATE the one that has lapsed, if any."""

    effect: Effect
    position: int | None = None


def check_claim(claim: Claim, *, today: date) -> list[Violation]:
    """Everything wrong with a claim by itself; its fields are read by those of the role."""
    found = [check_period(claim.from_on, claim.until_on)]
    if claim.state == ENDED and not is_over(claim.until_on, today=today):
        zh, en = "已结束的关系须给出不晚于今天的结束日期。", "What has ended needs an end that is not after today."
        found.append(Violation("until_on", "end_missing", zh, en))
    return [violation for violation in found if violation is not None]


def decide(known: Sequence[Held], claim: Claim, *, may_confirm: bool, today: date) -> Decision:
    """What `claim` does to the records `known`. `may_confirm`: it comes from a department the organisation trusts."""
    for position, held in enumerate(known):
        if held.from_on == claim.from_on:
            return Decision(_compare(held, claim, may_confirm=may_confirm, today=today), position)
    for position, held in enumerate(known):
        if not held.is_open:
            continue
        if is_over(claim.until_on, today=min(today, held.from_on)):
            return Decision(Effect.CREATE)  # an earlier period, over before this one began
        if is_over(held.until_on, today=min(today, claim.from_on)):
            return Decision(Effect.CREATE, position)  # what was open has run out; a new period begins
        return Decision(Effect.DIFFER, position)
    return Decision(Effect.CREATE)


def _compare(held: Held, claim: Claim, *, may_confirm: bool, today: date) -> Effect:
    over = is_over(claim.until_on, today=today)
    if held.is_open and may_confirm and over:
        return Effect.END
    if held.until_on != claim.until_on:
        return Effect.DIFFER
    if held.state == REPORTED and may_confirm and claim.state != REPORTED:
        return Effect.CONFIRM
    return Effect.AGREE


def differences(held: Held, claim: Claim, own: Period | None) -> tuple[Violation, ...]:
    """Which days of a claim differ from the record; `own` is the period that the department reported before."""
    own_from, own_until = own or claim.period
    found = []
    if held.from_on != claim.from_on:
        found.append(_difference("from_on", held.from_on, own_from, claim.from_on))
    if held.until_on != claim.until_on:
        found.append(_difference("until_on", held.until_on, own_until, claim.until_on))
    return tuple(found)


def _difference(field: str, recorded: date | None, before: date | None, now: date | None) -> Violation:
    zh, en = (
        f"在册 {recorded or '未定'}，本次报送 {now or '未定'}",
        f"on record {recorded or 'open'}, now {now or 'open'}",
    )
    if before != now:
        zh, en = f"{zh}，本部门此前报送 {before or '未定'}", f"{en}; your department had reported {before or 'open'}"
    return Violation(
        field,
        "differs_from_record",
        f"与在册记录不一致：{zh}。在册的不变；要更正本部门的填报，重新报送即可。",
        f"Not what is on record: {en}. The record stands; to correct your own report, send it again.",
    )


def merged(reports: Mapping[str, Mapping[str, Any]], trusted: Container[str]) -> dict[str, Any]:
    """The fields of a record, of its reports by department: each is that of the first department whose report gives it, those the
    organisation trusts before others, and then by their keys. So the order of the reports changes nothing.
    """
    fields: dict[str, Any] = {}
    for department in sorted(reports, key=lambda one: (one not in trusted, one)):
        fields = {**reports[department], **fields}
    return fields


def differing_fields(recorded: Mapping[str, Any], reported: Mapping[str, Any]) -> tuple[Violation, ...]:
    """The fields a report gives and in which the record has another value; that value is not repeated."""
    zh = "与在册记录不一致；在册的是单位信任的部门，或排在前面的部门的填报。"
    en = "Not what is on record, which has what a department the organisation trusts, or one that stands before, has reported."
    return tuple(
        Violation(f"fields/{key}", "differs_from_record", zh, en)
        for key, value in sorted(reported.items())
        if value is not None and recorded.get(key) != value
    )


def path_of_new(claim: Claim, *, may_confirm: bool, today: date) -> tuple[str, ...]:
    """The states a new record passes through at once; the last is the one it has."""
    first = CONFIRMED if may_confirm and claim.state != REPORTED else REPORTED
    return (first, ENDED) if is_over(claim.until_on, today=today) else (first,)


def verdict(effect: Effect, *, was_reported: bool, has_other_fields: bool = False) -> str:
    """The verdict of a report. `was_reported`: this department's last report on the record was the same; `has_other_fields`: the
    record has other values than the report gives.
    """
    if effect is Effect.DIFFER or has_other_fields:
        return DIFFERS
    return UNCHANGED if effect is Effect.AGREE and was_reported else ACCEPTED
