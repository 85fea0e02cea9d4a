"""Counting figures: one statement per figure, as of the end of a day in Shanghai.

Lives here: how a service's figures are chosen, bound and answered. Not here: which figures there are (``contracts.figures``) and
their statements (the services).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import TextClause

from chassis.ground.clock import end_of
from chassis.store.work import Work
from contracts.figures import counted


class Count:
    """A statement that counts, with its parameters; ``:day`` and ``:until``, the end of that day, are bound where it names
    them.
    """

    def __init__(self, statement: TextClause, **parameters: Any) -> None:
        self.statement = statement
        self.parameters = parameters
        self._names = tuple(statement.compile().params)

    def of(self, work: Work, day: dt.date) -> int:
        """The count as of the end of `day`."""
        known = {"day": day, "until": end_of(day), **self.parameters}
        bound = {name: known[name] for name in self._names}
        return int(work.session.execute(self.statement, bound).scalar_one())


def count(
    work: Work, counts: Mapping[str, Count], *, as_of: dt.date | None, keys: Collection[str] | None
) -> dict[str, Any]:
    """The figures of `counts`, or those of `keys` among them, as of the end of the day `as_of` (today without one)."""
    day = as_of or work.today
    chosen = [key for key in counts if keys is None or key in keys]
    return {"items": [counted(key, counts[key].of(work, day), as_of=day) for key in chosen]}
