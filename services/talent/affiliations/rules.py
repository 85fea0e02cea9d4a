"""The law of affiliations (身份关系): what one report does to what is known of a person at an organisation in a role.

States: reported → confirmed → ended; a claim may also end unconfirmed. A report by a department the organisation trusts is
confirmed at once; others wait. A report that differs never overwrites: only the organisation's own word (a trusted
department's) ends what runs. Source: architecture, "Affiliations".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from contracts.language.violations import Violation
from contracts.vocabulary import ACCEPTED, CONFIRMED, DIFFERS, ENDED, REPORTED, ROLES, UNCHANGED
from services.talent.rules.periods import Period, check_period, is_over


@dataclass(frozen=True, slots=True)
class Claim:
    """What one report says. `state` is what the reporter asks for; None leaves it to the law."""

    from_on: date
    until_on: date | None
    state: str | None = None

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


def check_claim(role: str, claim: Claim, *, today: date) -> list[Violation]:
    """Everything wrong with a claim by itself."""
    found = [check_period(claim.from_on, claim.until_on)]
    if role not in ROLES:
        found.append(
            Violation(
                "role",
                "role_unknown",
                f"身份应为下列之一：{'、'.join(ROLES)}。",
                f"The role must be one of: {', '.join(ROLES)}.",
            )
        )
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


def path_of_new(claim: Claim, *, may_confirm: bool, today: date) -> tuple[str, ...]:
    """The states a new record passes through at once; the last is the one it has."""
    first = CONFIRMED if may_confirm and claim.state != REPORTED else REPORTED
    return (first, ENDED) if is_over(claim.until_on, today=today) else (first,)


def verdict(effect: Effect, *, was_reported: bool) -> str:
    """The verdict of a report. `was_reported`: this department's last report on the record was the same."""
    if effect is Effect.DIFFER:
        return DIFFERS
    return UNCHANGED if effect is Effect.AGREE and was_reported else ACCEPTED
