"""Ages from a month of birth. An age is reached on the first day of the month that follows the month of birth: the day is not
known, and no person is counted older than they are.
"""

from __future__ import annotations

import datetime as dt

#: The age of whoever has no month of birth on record.
UNKNOWN = -1


def age_on(born_month: dt.date | None, day: dt.date) -> int:
    """Full years on a day; `born_month` is the first day of the month of birth."""
    if born_month is None:
        return UNKNOWN
    years = day.year - born_month.year - (day.month <= born_month.month)
    return max(years, 0)


def next_birthday(born_month: dt.date | None, day: dt.date) -> dt.date | None:
    """The first day after `day` on which the age is another; None where the month is not known."""
    if born_month is None:
        return None
    month = born_month.month % 12 + 1
    this_year = dt.date(day.year, month, 1)
    return this_year if this_year > day else dt.date(day.year + 1, month, 1)
