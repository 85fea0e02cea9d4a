"""The subjects of events, joined once.

``tables`` knows their tables by it, ``figures`` their ``COUNTERS``, ``sources`` what they can send again (``SOURCES``).
"""

from __future__ import annotations

from services.events import activities, checkins, copies, registrations, tickets
from services.events.activities import kinds

SUBJECTS = (kinds, activities, registrations, tickets, checkins, copies)
