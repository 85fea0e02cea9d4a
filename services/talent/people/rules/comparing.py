"""The law of one person reported by several departments: one document, one record; the first report is the record's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from contracts.language.violations import Violation
from services.talent.people.rules.masking import mask_email, mask_name, mask_phone
from services.talent.people.rules.names import is_same_name


@dataclass(frozen=True, slots=True)
class Particulars:
    """Name, phone and e-mail address in their one spelling; None = not stated."""

    name: str
    phone: str | None
    email: str | None = None


class Comparison(Enum):
    """What a report does to the record: it AGREEs, FILLs what is missing, CORRECTs it, or DIFFERs and stays beside it."""

    AGREE = "agree"
    FILL = "fill"
    CORRECT = "correct"
    DIFFER = "differ"


def compare(record: Particulars, reported: Particulars, *, may_fill: bool, may_correct: bool) -> Comparison:
    """What `reported` does to `record`.

    `may_correct`: the record is this department's report alone. `may_fill`: the department sees the record, and may supply what
    it lacks; of others only the name is compared, for they must not learn the rest.
    """
    stated = [(record.phone, reported.phone), (record.email, reported.email)]
    other_contacts = any(known and value and known != value for known, value in stated)
    if not is_same_name(record.name, reported.name) or (may_fill and other_contacts):
        return Comparison.CORRECT if may_correct else Comparison.DIFFER
    fills = may_fill and any(value and not known for known, value in stated)
    return Comparison.FILL if fills else Comparison.AGREE


def differences(
    record: Particulars, own: Particulars | None, reported: Particulars, *, sees_contacts: bool
) -> tuple[Violation, ...]:
    """Where `reported` differs from the record: what the department reported before (`own`) and reports now, both masked. What
    others reported is not among it.
    """
    before = own or Particulars("", None)
    found = []
    if not is_same_name(record.name, reported.name):
        found.append(_difference("name", before.name or None, reported.name, mask_name))
    if sees_contacts and record.phone and reported.phone not in (None, record.phone):
        found.append(_difference("phone", before.phone, reported.phone, mask_phone))
    if sees_contacts and record.email and reported.email not in (None, record.email):
        found.append(_difference("email", before.email, reported.email, mask_email))
    return tuple(found)


def _difference(field: str, before: str | None, now: str, mask: Callable[[str], str]) -> Violation:
    shown = mask(now)
    if before is None:
        zh, en = f"本次报送 {shown}", f"now {shown}"
    elif before == now:
        zh, en = f"本部门此前报送的也是 {shown}", f"your department has reported {shown} before"
    else:
        zh, en = (
            f"本部门此前报送 {mask(before)}，本次 {shown}",
            f"your department had reported {mask(before)}, now {shown}",
        )
        if mask(before) == shown:
            zh, en = f"{zh}（遮盖后相同，原值不同）", f"{en} (alike once masked, yet different)"
    return Violation(
        field,
        "differs_from_record",
        f"与在册记录不一致：{zh}。在册的不变；要更正本部门的填报，重新报送即可。",
        f"Not what is on record: {en}. The record stands; to correct your own report, send it again.",
    )


def repeats(before: Particulars | None, reported: Particulars) -> bool:
    """Whether a department has reported this already; what it leaves out stays."""
    return (
        before is not None
        and is_same_name(before.name, reported.name)
        and reported.phone in (None, before.phone)
        and reported.email in (None, before.email)
    )
