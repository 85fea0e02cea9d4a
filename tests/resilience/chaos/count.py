"""A count: what was acknowledged, what is there, and the findings where the two differ.

lost: acknowledged, and its effect is not there. twice: an effect is there more often than it was requested. stuck: still on
its way after time enough for everything. Not here: what is compared (``counting``, ``activities``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.resilience.chaos.acknowledged import Acknowledged
from tests.resilience.chaos.town import Town

_STEPS = "select subject_id as id, count(*) as times from history where subject = :subject group by 1"
_EVENTS = "select subject_id as id, count(*) as times from outbox where type like :kind group by 1"


@dataclass
class Count:
    """What was found, each finding in words; the numbers are their numbers."""

    town: Town
    acknowledged: Acknowledged
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    def rows(self, service: str, sql: str, **parameters: Any) -> Any:
        return self.town.servers.rows(self.town.platform.databases[service], sql, **parameters)

    def times(self, service: str, sql: str, **parameters: Any) -> dict[str, int]:
        """What a statement with the columns `id` and `times` answers."""
        return {row.id: row.times for row in self.rows(service, sql, **parameters)}

    def steps(self, service: str, subject: str) -> dict[str, int]:
        """Subject → its steps in the history."""
        return self.times(service, _STEPS, subject=subject)

    def events(self, service: str, kind: str) -> dict[str, int]:
        """Subject → its events in the outbox, of types like `kind`."""
        return self.times(service, _EVENTS, kind=kind)

    def compare(self, what: str, expected: dict[str, int], found: dict[str, int]) -> None:
        """Each thing as often as expected: more is twice, less is lost."""
        for name in sorted(expected.keys() | found.keys()):
            times, wanted = found.get(name, 0), expected.get(name, 0)
            if times < wanted:
                self.lost.append(f"{what} {name}: {times} of {wanted}")
            elif times > wanted:
                self.twice.append(f"{what} {name}: {times} instead of {wanted}")

    def is_clean(self) -> bool:
        return not (self.lost or self.twice or self.stuck)

    def line(self) -> str:
        return f"lost={len(self.lost)} twice={len(self.twice)} stuck={len(self.stuck)}"
