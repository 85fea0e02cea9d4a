"""An entry of a timeline, and the ids that link entries.

Lives here: the two classes. Not here: reading databases (``records``) and log files (``log_files``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

#: Entries of a kind from a service at most: an import has thousands.
LIMIT = 500


@dataclass(frozen=True)
class Entry:
    """Something that happened: when, where, of which kind, and what; `about` has its ids. It holds no personal data."""

    at: dt.datetime
    service: str
    kind: str
    what: str
    about: dict[str, Any] = field(default_factory=dict)


@dataclass
class Ids:
    """What is known to belong together: traces, requests and events."""

    traces: set[str] = field(default_factory=set)
    requests: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)

    def count(self) -> int:
        """How many there are; when it no longer grows, everything has been found."""
        return len(self.traces) + len(self.requests) + len(self.events)
