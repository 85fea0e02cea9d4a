"""The law of one person reported by several departments: one document, one record; the first report is the record's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Particulars:
    """Name and phone in their one spelling; phone None = not stated."""

    name: str
    phone: str | None


class Meeting(Enum):
    """What a report does to the record it meets: it AGREEs, FILLs the missing phone, or DIFFERs."""

    AGREE = "agree"
    FILL = "fill"
    DIFFER = "differ"


def meet(record: Particulars, reported: Particulars) -> Meeting:
    """What `reported` does to `record`; only a phone nobody has stated yet is taken over."""
    if reported.name != record.name:
        return Meeting.DIFFER
    if reported.phone is None or reported.phone == record.phone:
        return Meeting.AGREE
    return Meeting.FILL if record.phone is None else Meeting.DIFFER


def says_the_same(before: Particulars | None, reported: Particulars) -> bool:
    """Whether a department has said this already; a phone it leaves out is not taken back."""
    return before is not None and before.name == reported.name and reported.phone in (None, before.phone)
