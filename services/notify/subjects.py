"""The subjects of notify, joined once.

``tables`` knows their tables by it, ``figures`` their ``COUNTERS``, ``sources`` what they can send again (``SOURCES``).
"""

from __future__ import annotations

from services.notify import copies, deliveries, messages, preferences, templates

SUBJECTS = (templates, preferences, messages, deliveries, copies)
