"""The law of one person reported by several departments: one document, one record; the first report is the record's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Particulars:
    """Name, phone and e-mail address in their one spelling; None = not stated."""

    name: str
    phone: str | None
    email: str | None = None


class Comparison(Enum):
    """What a report does to the record: it AGREEs, FILLs what is missing, or DIFFERs."""

    AGREE = "agree"
    FILL = "fill"
    DIFFER = "differ"


def compare(record: Particulars, reported: Particulars) -> Comparison:
    """What `reported` does to `record`; only a phone or address that is not on record yet is taken over."""
    stated = [(record.phone, reported.phone), (record.email, reported.email)]
    if reported.name != record.name or any(known and value and known != value for known, value in stated):
        return Comparison.DIFFER
    return Comparison.FILL if any(value and not known for known, value in stated) else Comparison.AGREE


def repeats(before: Particulars | None, reported: Particulars) -> bool:
    """Whether a department has reported this already; what it leaves out stays."""
    return (
        before is not None
        and before.name == reported.name
        and reported.phone in (None, before.phone)
        and reported.email in (None, before.email)
    )
