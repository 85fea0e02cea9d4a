"""The law of one person reported by several departments: one document, one record; the first report is the record's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

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


def repeats(before: Particulars | None, reported: Particulars) -> bool:
    """Whether a department has reported this already; what it leaves out stays."""
    return (
        before is not None
        and is_same_name(before.name, reported.name)
        and reported.phone in (None, before.phone)
        and reported.email in (None, before.email)
    )
